package social.starling.client.cli;

import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;

/**
 * Reads a file of JSON lines, {@code {"author": …, "text": …}}, one after the other. Other keys are
 * passed over, so that what {@code export-posts} wrote can be read. A line may have 64 KiB.
 */
final class PostFile implements AutoCloseable {

  private static final int MAX_LINE = 64 * 1024;

  /**
   * A post to be made.
   *
   * @param line its number in the file, from 1
   */
  record Item(String author, String text, Path file, long line) {

    String where() {
      return file + " line " + line;
    }
  }

  private final Path file;
  private final InputStream in;
  private long line;

  private PostFile(Path file, InputStream in) {
    this.file = file;
    this.in = in;
  }

  /**
   * Opens a file.
   *
   * @throws InputException when it cannot be read
   */
  static PostFile open(Path file) {
    try {
      return new PostFile(file, new BufferedInputStream(Files.newInputStream(file)));
    } catch (NoSuchFileException e) {
      throw new InputException("NO_FILE", "there is no file " + file);
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  /**
   * The next post; null at the end. Empty lines are passed over.
   *
   * @param digest takes in the bytes that are read; may be null
   * @throws InputException when a line holds none
   */
  Item next(MessageDigest digest) {
    try {
      while (true) {
        byte[] bytes = readLine();
        if (bytes == null) {
          return null;
        }
        if (digest != null) {
          digest.update(bytes);
          digest.update((byte) '\n');
        }
        String json = decode(bytes);
        if (!json.isBlank()) {
          return item(json);
        }
      }
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  @Override
  public void close() {
    try {
      in.close();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private byte[] readLine() throws IOException {
    int c = in.read();
    if (c < 0) {
      return null;
    }
    line++;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    while (c >= 0 && c != '\n') {
      if (bytes.size() == MAX_LINE) {
        throw wrong("INVALID_TEXT", "it is longer than 64 KiB");
      }
      bytes.write(c);
      c = in.read();
    }
    return bytes.toByteArray();
  }

  private String decode(byte[] bytes) {
    try {
      return Input.decode(bytes, bytes.length);
    } catch (InputException e) {
      throw wrong("INVALID_TEXT", "it is no valid UTF-8");
    }
  }

  private Item item(String json) throws IOException {
    String author = null;
    String text = null;
    try (JsonReader reader = new JsonReader(new StringReader(json))) {
      reader.setStrictness(Strictness.STRICT);
      reader.beginObject();
      while (reader.hasNext()) {
        switch (reader.nextName()) {
          case "author" -> author = reader.nextString();
          case "text" -> text = reader.nextString();
          default -> reader.skipValue();
        }
      }
      reader.endObject();
      if (reader.peek() != JsonToken.END_DOCUMENT) {
        throw wrong("INVALID_REQUEST", "more follows the JSON object");
      }
    } catch (MalformedJsonException
        | EOFException
        | IllegalStateException
        | JsonParseException
        | NumberFormatException e) {
      throw wrong("INVALID_REQUEST", "it is no JSON object with the texts author and text");
    }
    if (author == null || text == null) {
      throw wrong("INVALID_REQUEST", (author == null ? "author" : "text") + " is missing");
    }
    try {
      return new Item(Input.name(author), Input.text(text), file, line);
    } catch (InputException e) {
      throw wrong(e.word(), e.getMessage());
    }
  }

  private InputException wrong(String word, String why) {
    return new InputException(word, file + " line " + line + ": " + why);
  }

  private static InputException unreadable(Path file, IOException e) {
    return new InputException("NO_FILE", file + " cannot be read: " + e.getMessage());
  }
}
