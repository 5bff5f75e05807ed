package social.starling.server.state;

/** The rule for names of users. A name is also a file name, so this is checked here again. */
final class Names {

  static final int MAX = 30;

  private Names() {}

  static boolean valid(String name) {
    if (name.isEmpty() || name.length() > MAX) {
      return false;
    }
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      boolean letter = c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z';
      if (!letter && c != '_' && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }

  /** Lower-cases ASCII only, whatever the locale; other characters are in no name. */
  static String lower(String name) {
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c >= 'A' && c <= 'Z') {
        return name.toLowerCase(java.util.Locale.ROOT);
      }
    }
    return name;
  }
}
