package social.starling.torture.history;

/** Who wrote a post, and what. Of one id there is one content, for ever. */
public record Content(String author, String text) {}
