package social.starling.server.state;

import social.starling.proto.sync.v1.Deletion;
import social.starling.proto.sync.v1.Follow;
import social.starling.proto.sync.v1.Item;
import social.starling.proto.sync.v1.Name;
import social.starling.proto.sync.v1.Post;
import social.starling.proto.sync.v1.Unfollow;

/** Makes what one cluster sends another. */
public final class Items {

  private Items() {}

  public static Item name(String name) {
    return Item.newBuilder().setName(Name.newBuilder().setName(name)).build();
  }

  public static Item follow(String follower, String author, long position) {
    return Item.newBuilder()
        .setFollow(
            Follow.newBuilder().setFollower(follower).setAuthor(author).setPosition(position))
        .build();
  }

  public static Item unfollow(String follower, String author) {
    return Item.newBuilder()
        .setUnfollow(Unfollow.newBuilder().setFollower(follower).setAuthor(author))
        .build();
  }

  public static Item post(String author, long id, String text) {
    return Item.newBuilder()
        .setPost(
            Post.newBuilder()
                .setAuthor(author)
                .setId(id)
                .setTimeMillis(Entries.START + id % 1_000_000)
                .setText(text))
        .build();
  }

  public static Item deletion(String author, long id) {
    return Item.newBuilder().setDeletion(Deletion.newBuilder().setAuthor(author).setId(id)).build();
  }
}
