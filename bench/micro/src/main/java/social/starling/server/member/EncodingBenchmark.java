package social.starling.server.member;

import com.google.protobuf.InvalidProtocolBufferException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import social.starling.bench.micro.InnerLoop;
import social.starling.bench.state.EntrySource;
import social.starling.bench.state.Town;
import social.starling.proto.replication.v1.LinkMessage;
import social.starling.proto.sns.v1.GetTimelineResponse;
import social.starling.proto.sns.v1.Post;
import social.starling.replication.Entry;
import social.starling.replication.Message;
import social.starling.server.state.PostRecord;

/** Messages and records made into bytes and back. */
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@State(Scope.Benchmark)
public class EncodingBenchmark extends InnerLoop {

  private static final int TIMELINE = 20;

  /** Posts that one message carries to the slave. */
  @Param({"1", "64"})
  public int entries;

  private final byte[] text = Town.TEXT.getBytes(StandardCharsets.UTF_8);
  private final List<Post> posts = new ArrayList<>();
  private Message.Append append;
  private byte[] encoded;

  /** Makes what is encoded. */
  @Setup
  public void make() {
    EntrySource source = new EntrySource();
    List<Entry> made = new ArrayList<>();
    for (int i = 0; i < entries; i++) {
      made.add(source.post(Town.name(i), Town.TEXT));
    }
    append = new Message.Append(1, "instance", 0, 0, made, made.size(), 0, 0);
    encoded = Wire.toProto(append, false).toByteArray();
    for (int i = 0; i < TIMELINE; i++) {
      posts.add(
          Post.newBuilder()
              .setId(1L << 60)
              .setAuthor(Town.name(i))
              .setText(Town.TEXT)
              .setTimeMillis(1)
              .build());
    }
  }

  @Benchmark
  public byte[] appendToBytes() {
    return Wire.toProto(append, false).toByteArray();
  }

  @Benchmark
  public Object appendFromBytes() throws InvalidProtocolBufferException {
    return Wire.fromProto(LinkMessage.parseFrom(encoded));
  }

  /** Does not depend on the parameter. */
  @Benchmark
  public byte[] timelineToBytes() {
    return GetTimelineResponse.newBuilder().addAllPosts(posts).setCursor(1).build().toByteArray();
  }

  /** Does not depend on the parameter. */
  @Benchmark
  public int recordOfPost() {
    return PostRecord.crc(PostRecord.post(1_795_301_401_123L, 1L << 60, "user_1", text));
  }
}
