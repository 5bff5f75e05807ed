package social.starling.server.state;

/**
 * An entry of the journal cannot be applied: it holds a request that this version does not know, or
 * that is not readable. The member must stop rather than skip it, since the other member may have
 * applied it.
 */
public final class UnappliableException extends RuntimeException {

  UnappliableException(String sentence) {
    super(sentence);
  }

  UnappliableException(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
