package social.starling.server.state;

import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * All posts by number, in columns: about 40 bytes a post, no object each. Numbers are in the order
 * of the journal, and no two posts are of one entry; ids ascend with them for each author only,
 * since other clusters make ids of their own. The newest posts' texts are kept in memory up to a
 * number of bytes.
 *
 * <p>One thread adds and deletes. Any thread reads a post whose number it has from what was
 * published after it was added ({@link User#postCount}, {@link #size}). Columns never move, so no
 * reader needs a lock.
 */
final class PostTable {

  private static final int BITS = 10;
  private static final int CHUNK = 1 << BITS;
  private static final int MASK = CHUNK - 1;

  /** A record's length takes the lower bits of a place, its offset the others (16 TiB). */
  private static final int LENGTH_BITS = 20;

  private final long cacheBytes;

  private volatile Chunk[] chunks = new Chunk[16];
  private volatile int size;
  private volatile long lastDeletion;

  // Adding thread only.
  private long cached;
  private int firstCached;

  /** Bytes that the texts of the next chunk will take, going by those of the last. */
  private int expectedBytes = CHUNK * 64;

  PostTable(long cacheBytes) {
    this.cacheBytes = cacheBytes;
  }

  /** Posts ever made, deleted ones included. */
  int size() {
    return size;
  }

  long id(int post) {
    return chunk(post).ids[post & MASK];
  }

  /** Index of the entry that made it. */
  long index(int post) {
    return chunk(post).indexes[post & MASK];
  }

  int author(int post) {
    return chunk(post).authors[post & MASK];
  }

  long offset(int post) {
    return chunk(post).places[post & MASK] >>> LENGTH_BITS;
  }

  int length(int post) {
    return (int) chunk(post).places[post & MASK] & (1 << LENGTH_BITS) - 1;
  }

  int crc(int post) {
    return chunk(post).crcs[post & MASK];
  }

  boolean deleted(int post) {
    return (chunk(post).deleted[(post & MASK) >> 6] & 1L << (post & 63)) != 0;
  }

  /** Time and text, or null when they are not in memory. */
  Cached cached(int post) {
    Texts texts = chunk(post).texts;
    return texts == null ? null : texts.get(post & MASK);
  }

  /** Where an author's posts begin whose ids are not below this one. */
  int firstWithId(int[] numbers, int count, long id) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (id(numbers[middle]) < id) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Where an author's posts begin that were made by entries after this one. */
  int firstAfter(int[] numbers, int count, long index) {
    int low = 0;
    int high = count;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (index(numbers[middle]) <= index) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** The number of an author's post with this id, or −1. */
  int find(User author, long id) {
    int count = author.postCount();
    int[] numbers = author.posts();
    int at = firstWithId(numbers, count, id);
    return at < count && id(numbers[at]) == id ? numbers[at] : -1;
  }

  /** Id of an author's newest post, deleted or not; 0 when there is none. */
  long newestId(User author) {
    int count = author.postCount();
    return count == 0 ? 0 : id(author.posts()[count - 1]);
  }

  /** Adds a post that is read from its file when it is wanted. */
  int add(long id, long index, int author, long offset, int length, int crc) {
    if (length >= 1 << LENGTH_BITS) {
      throw new IllegalArgumentException("a record of " + length + " bytes");
    }
    int post = size;
    Chunk[] all = chunks;
    if (post >> BITS == all.length) {
      all = Arrays.copyOf(all, all.length * 2);
    }
    if (all[post >> BITS] == null) {
      all[post >> BITS] = new Chunk();
      chunks = all;
    }
    Chunk chunk = all[post >> BITS];
    int at = post & MASK;
    chunk.ids[at] = id;
    chunk.indexes[at] = index;
    chunk.authors[at] = author;
    chunk.places[at] = offset << LENGTH_BITS | length;
    chunk.crcs[at] = crc;
    size = post + 1;
    return post;
  }

  /** Keeps the text of the post that is about to be added, the next one. */
  void keep(long timeMillis, byte[] text) {
    int post = size;
    Chunk[] all = chunks;
    if (post >> BITS == all.length || all[post >> BITS] == null) {
      Chunk[] more = post >> BITS == all.length ? Arrays.copyOf(all, all.length * 2) : all;
      more[post >> BITS] = new Chunk();
      chunks = more;
      all = more;
    }
    Chunk chunk = all[post >> BITS];
    if (chunk.texts == null) {
      chunk.texts = new Texts(post & MASK, expectedBytes);
      if (cached == 0) {
        firstCached = post >> BITS;
      }
    }
    cached += chunk.texts.add(post & MASK, timeMillis, text);
    if ((post & MASK) == MASK) {
      int took = chunk.texts.ends[MASK];
      expectedBytes = Math.clamp(took + (took >> 3), CHUNK * 64, CHUNK * 512);
    }
  }

  /**
   * Forgets the oldest texts beyond the bound, but none that may not be in its file yet.
   *
   * @param writtenIndex posts of entries up to here are in their files
   */
  void evict(long writtenIndex) {
    while (cached > cacheBytes && (firstCached + 1) * CHUNK <= size) {
      Chunk chunk = chunks[firstCached];
      if (chunk.indexes[MASK] > writtenIndex) {
        return;
      }
      cached -= chunk.texts == null ? 0 : chunk.texts.bytes();
      chunk.texts = null;
      firstCached++;
    }
  }

  /** Index of the last entry that deleted a post, or is about to. */
  long lastDeletion() {
    return lastDeletion;
  }

  /** Who sees the deletion sees its index in {@link #lastDeletion}. */
  void delete(int post, long index) {
    lastDeletion = index;
    VarHandle.releaseFence();
    chunk(post).deleted[(post & MASK) >> 6] |= 1L << (post & 63);
  }

  private Chunk chunk(int post) {
    return chunks[post >> BITS];
  }

  /** A text in memory. */
  record Cached(long timeMillis, byte[] data, int from, int to) {}

  private static final class Chunk {
    final long[] ids = new long[CHUNK];
    final long[] indexes = new long[CHUNK];
    final long[] places = new long[CHUNK];
    final int[] authors = new int[CHUNK];
    final int[] crcs = new int[CHUNK];
    final long[] deleted = new long[CHUNK >> 6];
    volatile Texts texts;
  }

  /** The texts of a chunk from one post on, end to end. */
  private static final class Texts {
    private final int first;
    private final long[] times = new long[CHUNK];
    private final int[] ends = new int[CHUNK];
    private volatile byte[] data;

    Texts(int first, int bytes) {
      this.first = first;
      this.data = new byte[bytes];
    }

    /** Returns by how many bytes this grew. */
    int add(int at, long time, byte[] text) {
      int grown = at == first ? data.length : 0;
      int from = at == first ? 0 : ends[at - 1];
      byte[] bytes = data;
      if (from + text.length > bytes.length) {
        bytes = Arrays.copyOf(bytes, Math.max(from + text.length, bytes.length * 3 / 2));
        grown += bytes.length - data.length;
      }
      System.arraycopy(text, 0, bytes, from, text.length);
      times[at] = time;
      ends[at] = from + text.length;
      data = bytes;
      return grown;
    }

    Cached get(int at) {
      if (at < first) {
        return null;
      }
      return new Cached(times[at], data, at == first ? 0 : ends[at - 1], ends[at]);
    }

    int bytes() {
      return data.length;
    }
  }
}
