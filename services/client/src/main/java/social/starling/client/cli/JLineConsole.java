package social.starling.client.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import org.jline.reader.Candidate;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.utils.AttributedString;

/** A terminal with a person: editing, history, completion; what is printed goes above the line. */
final class JLineConsole implements Console {

  private static final Size USUAL_SIZE = new Size(80, 24);

  // Below this lines stay as they are.
  private static final int MIN_WIDTH = 20;

  private final Terminal terminal;
  private final LineReader reader;

  JLineConsole(Terminal terminal, Completions completions) {
    this.terminal = terminal;
    if (terminal.getWidth() <= 0 || terminal.getHeight() <= 0) {
      // Some terminals do not tell, and a line editor for no columns shows nothing.
      terminal.setSize(USUAL_SIZE);
    }
    DefaultParser parser = new DefaultParser();
    // What is typed is text: no quotes, no escapes.
    parser.setEscapeChars(null);
    parser.setQuoteChars(new char[0]);
    this.reader =
        LineReaderBuilder.builder()
            .appName("starling")
            .terminal(terminal)
            .parser(parser)
            .completer((line, parsed, candidates) ->
                completions.of(parsed.line().substring(0, parsed.cursor())).stream()
                    .map(Candidate::new)
                    .forEach(candidates::add))
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true)
            .option(LineReader.Option.CASE_INSENSITIVE, true)
            .option(LineReader.Option.INSERT_TAB, false)
            .variable(LineReader.HISTORY_SIZE, 1000)
            .build();
  }

  @Override
  public Entry read(String prompt) {
    try {
      String line = reader.readLine(prompt);
      return line.indexOf(Input.REPLACEMENT) >= 0
          ? new Entry.Unusable("what was typed is no valid UTF-8; set the terminal to UTF-8")
          : new Entry.Line(line);
    } catch (EndOfFileException e) {
      return new Entry.End();
    } catch (UserInterruptException e) {
      return e.getPartialLine() == null || e.getPartialLine().isEmpty()
          ? new Entry.Interrupted()
          : new Entry.Line("");
    }
  }

  @Override
  public void print(String lines) {
    reader.printAbove(lines);
  }

  @Override
  public void printPost(String lines) {
    int width = terminal.getWidth();
    print(width < MIN_WIDTH ? lines : broken(lines, width - 1));
  }

  @Override
  public void notice(String line) {
    print(line);
  }

  @Override
  public boolean terminal() {
    return true;
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String broken(String lines, int columns) {
    List<String> shown = new ArrayList<>();
    for (String line : lines.split("\n")) {
      AttributedString whole = new AttributedString(line);
      if (whole.columnLength() <= columns) {
        shown.add(line);
        continue;
      }
      String indent = "";
      for (AttributedString piece : whole.columnSplitLength(columns - Shown.FURTHER.length())) {
        shown.add(indent + piece);
        indent = Shown.FURTHER;
      }
    }
    return String.join("\n", shown);
  }
}
