package social.starling.bench.growth;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One axis of a picture, linear from 0 or logarithmic, over a range of pixels.
 *
 * @param low the value at {@code from}
 * @param high the value at {@code to}
 * @param from pixel
 * @param to pixel, which may be below {@code from}
 */
record Axis(boolean logarithmic, double low, double high, double from, double to) {

  private static final int TICKS = 5;

  /** An axis that shows all of some values; those of a logarithmic one are above 0. */
  static Axis over(boolean logarithmic, List<Double> values, double from, double to) {
    double most = values.stream().mapToDouble(Double::doubleValue).max().orElse(1);
    double least = values.stream().mapToDouble(Double::doubleValue).min().orElse(1);
    if (logarithmic) {
      double low = Math.floor(Math.log10(least));
      double high = Math.max(low + 1, Math.ceil(Math.log10(most)));
      return new Axis(true, Math.pow(10, low), Math.pow(10, high), from, to);
    }
    double step = step(Math.max(most, 1e-9));
    return new Axis(false, 0, Math.ceil(Math.max(most, 1e-9) / step) * step, from, to);
  }

  double pixel(double value) {
    double part =
        logarithmic
            ? (Math.log10(value) - Math.log10(low)) / (Math.log10(high) - Math.log10(low))
            : (value - low) / (high - low);
    return from + part * (to - from);
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (logarithmic) {
      for (double value = low; value <= high * 1.001; value *= 10) {
        ticks.add(value);
      }
    } else {
      double step = step(high);
      for (int i = 0; i * step <= high * 1.001; i++) {
        ticks.add(i * step);
      }
    }
    return ticks;
  }

  /** A number as a person reads it. */
  static String text(double value) {
    double size = Math.abs(value);
    if (size >= 1e6) {
      return trimmed(value / 1e6) + "M";
    }
    if (size >= 1e4) {
      return trimmed(value / 1e3) + "k";
    }
    return trimmed(value);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, Math.abs(value) < 1 ? "%.3f" : "%.2f", value);
    return text.replaceAll("0+$", "").replaceAll("\\.$", "");
  }

  private static double step(double high) {
    double rough = high / TICKS;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double part = rough / power;
    return power * (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10);
  }
}
