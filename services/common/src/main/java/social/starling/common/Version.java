package social.starling.common;

import picocli.CommandLine.IVersionProvider;

/** The version that was built, from the jar's manifest. */
public final class Version implements IVersionProvider {

  /** Such as {@code 0.1.0}; {@code unpackaged} when run from class folders. */
  public static String text() {
    String version = Version.class.getPackage().getImplementationVersion();
    return version == null ? "unpackaged" : version;
  }

  @Override
  public String[] getVersion() {
    return new String[] {"Starling " + text()};
  }
}
