package social.starling.client.cli;

/** What the person gave cannot be used, and nothing was sent: a sentence for them. */
final class InputException extends RuntimeException {

  private final String word;

  /**
   * @param word one word for programs, a reason's name where one fits
   */
  InputException(String word, String sentence) {
    super(sentence);
    this.word = word;
  }

  String word() {
    return word;
  }
}
