package social.starling.bench;

/** How figures are printed. */
public enum OutputFormat {
  TEXT,
  JSON
}
