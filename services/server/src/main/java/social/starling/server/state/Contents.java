package social.starling.server.state;

/** What a state is made of; see {@link State} for who changes and who reads it. */
record Contents(
    Users users, PostTable posts, Answers answers, Peers peers, OwnedSlots slots, OwnHistory own) {}
