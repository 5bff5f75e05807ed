package social.starling.coordinator;

/** Names one member of one cluster. */
record MemberKey(String cluster, String member) {}
