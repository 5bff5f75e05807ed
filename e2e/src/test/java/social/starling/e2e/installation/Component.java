package social.starling.e2e.installation;

/** A kind of process. */
public enum Component {
  MASTER("server"),
  SLAVE("server"),
  COORDINATOR("coordinator"),
  ROUTER("router"),
  OPERATOR("operator"),
  SYNCHRONIZER("synchronizer");

  private final String label;

  Component(String label) {
    this.label = label;
  }

  /** What its pods carry as {@code app.kubernetes.io/component}. */
  public String label() {
    return label;
  }

  /** Whether it holds a volume of a cluster. */
  public boolean isMember() {
    return this == MASTER || this == SLAVE;
  }

  @Override
  public String toString() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
