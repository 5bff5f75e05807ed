package social.starling.server.state;

/**
 * That a cluster wants an author's posts, or once did. Kept by the author's cluster for as long as
 * it keeps the author: the other cluster still has what it was sent, and must hear of deletions.
 *
 * @param cluster number of the cluster
 * @param followers users of that cluster who follow the author
 * @param since index of the entry of the first follow: posts of later entries are sent in the order
 *     of the journal; 0 when nobody follows any longer
 * @param position posts of entries after this one and up to {@code since} are brought back
 */
record Want(int cluster, int followers, long since, long position) {

  private static final Want[] NONE = {};

  static Want[] none() {
    return NONE;
  }

  /** That of a cluster, or null when it never wanted the author. */
  static Want find(Want[] wants, int cluster) {
    for (Want want : wants) {
      if (want.cluster == cluster) {
        return want;
      }
    }
    return null;
  }

  /** With this in the place of the one of the same cluster. */
  static Want[] with(Want[] wants, Want changed) {
    for (int i = 0; i < wants.length; i++) {
      if (wants[i].cluster == changed.cluster) {
        Want[] others = wants.clone();
        others[i] = changed;
        return others;
      }
    }
    Want[] more = java.util.Arrays.copyOf(wants, wants.length + 1);
    more[wants.length] = changed;
    return more;
  }
}
