package social.starling.bench.plot;

import java.util.ArrayList;
import java.util.List;

/**
 * A logarithmic axis.
 *
 * @param least value at its beginning, a power of ten
 * @param most value at its end, a power of ten
 * @param from pixel of its beginning
 * @param to pixel of its end
 */
record Scale(double least, double most, double from, double to) {

  /** One that holds all values; those of zero and less are left out. */
  static Scale around(List<Double> values, double from, double to) {
    double low = values.stream().mapToDouble(v -> v).filter(v -> v > 0).min().orElse(1);
    double high = values.stream().mapToDouble(v -> v).max().orElse(10);
    double least = Math.pow(10, Math.floor(Math.log10(low)));
    double most = Math.pow(10, Math.ceil(Math.log10(Math.max(high, least * 1.01))));
    return new Scale(least, most, from, to);
  }

  double at(double value) {
    double share = (Math.log10(Math.max(value, least)) - Math.log10(least)) / decades();
    return from + share * (to - from);
  }

  /** The powers of ten on it. */
  List<Double> marks() {
    List<Double> marks = new ArrayList<>();
    for (int i = 0; i <= Math.round(decades()); i++) {
      marks.add(least * Math.pow(10, i));
    }
    return marks;
  }

  private double decades() {
    return Math.log10(most) - Math.log10(least);
  }

  /** A mark as one writes it: 0.1, 1, 1000. */
  static String word(double mark) {
    return mark >= 1
        ? Long.toString(Math.round(mark))
        : Double.toString(mark).replaceAll("0+$", "");
  }
}
