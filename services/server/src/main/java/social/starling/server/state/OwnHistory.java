package social.starling.server.state;

/**
 * What this cluster's own users did, in the order of the journal: they registered, posted, deleted.
 * One thread adds; any reads.
 */
final class OwnHistory {

  private final PostTable table;

  final Numbers users = new Numbers();
  final Numbers posts = new Numbers();

  /** (post, 0). */
  final ChangeLog deletions = new ChangeLog();

  OwnHistory(PostTable table) {
    this.table = table;
  }

  /** Id of the newest post; 0 when there is none. */
  long lastId() {
    int size = posts.size();
    return size == 0 ? 0 : table.id(posts.get(size - 1));
  }

  /** The number of the post with this id, or −1. Ids of a cluster's own posts ascend. */
  int find(long id) {
    int at = posts.above(id - 1, table::id);
    if (id <= 0 || at == posts.size()) {
      return -1;
    }
    int post = posts.get(at);
    return table.id(post) == id ? post : -1;
  }
}
