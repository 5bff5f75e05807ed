package social.starling.bench.growth;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.StringReader;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

class PictureTest {

  @Test
  void shouldDrawEachPointInsideThePictureHigherOnesHigherUp() throws Exception {
    Document picture = draw(false, Point.of(0, 1), Point.of(50, 3), Point.of(100, 2));

    NodeList dots = picture.getElementsByTagName("circle");
    assertThat(dots.getLength()).isEqualTo(3);
    assertThat(number(dots, 0, "cx")).isLessThan(number(dots, 1, "cx"));
    assertThat(number(dots, 1, "cy")).isLessThan(number(dots, 2, "cy")).isGreaterThanOrEqualTo(0);
    assertThat(number(dots, 2, "cx")).isLessThanOrEqualTo(720);
  }

  @Test
  void shouldLeaveNothingOutOfALogarithmicPictureButZero() throws Exception {
    Document picture = draw(true, Point.of(0, 5), Point.of(10, 5), Point.of(1000, 500));

    NodeList dots = picture.getElementsByTagName("circle");
    assertThat(dots.getLength()).isEqualTo(2);
    assertThat(number(dots, 0, "cy")).isGreaterThan(number(dots, 1, "cy"));
  }

  @Test
  void shouldDrawACurveWithoutPoints() throws Exception {
    assertThat(draw(true).getElementsByTagName("circle").getLength()).isZero();
  }

  @Test
  void shouldWriteNumbersAsPeopleDo() {
    assertThat(List.of(0.0, 0.125, 7.0, 2500.0, 25_000.0, 1_500_000.0).stream().map(Axis::text))
        .containsExactly("0", "0.125", "7", "2500", "25k", "1.5M");
  }

  private static Document draw(boolean logarithmic, Point... points) throws Exception {
    Curve curve =
        new Curve(
            "c",
            "a < b & \"c\"",
            "users",
            "MiB",
            logarithmic,
            List.of(new Curve.Series("line", List.of(points))));
    return DocumentBuilderFactory.newInstance()
        .newDocumentBuilder()
        .parse(new InputSource(new StringReader(Picture.of(curve))));
  }

  private static double number(NodeList elements, int at, String attribute) {
    return Double.parseDouble(((Element) elements.item(at)).getAttribute(attribute));
  }
}
