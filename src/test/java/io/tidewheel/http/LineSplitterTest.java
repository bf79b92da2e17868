package io.tidewheel.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.AlphaChars;
import net.jqwik.api.constraints.Chars;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;

class LineSplitterTest {
  private static final String TOO_LONG = "<too long>";

  @Property(tries = 2_000)
  void findsTheSameLinesHoweverTheyAreCut(
      @ForAll @Chars({'\n', 'a', '\r', '"'}) @AlphaChars @StringLength(max = 200) String text,
      @ForAll @Size(max = 20) List<@IntRange(max = 40) Integer> cuts,
      @ForAll @IntRange(min = 1, max = 60) int maxLine) {
    List<String> expected = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      expected.add(line.length() > maxLine ? TOO_LONG : line);
    }
    if (expected.get(expected.size() - 1).isEmpty()) {
      expected.remove(expected.size() - 1);
    }
    assertThat(lines(text.getBytes(StandardCharsets.UTF_8), cuts, maxLine)).isEqualTo(expected);
  }

  private static List<String> lines(byte[] bytes, List<Integer> cuts, int maxLine) {
    LineSplitter splitter = new LineSplitter(maxLine);
    List<String> found = new ArrayList<>();
    int from = 0;
    for (int i = 0; from < bytes.length; i++) {
      int size = i < cuts.size() ? cuts.get(i) : bytes.length;
      int to = Math.min(bytes.length, from + size);
      splitter.add(java.util.Arrays.copyOfRange(bytes, from, to));
      from = to;
      LineSplitter.Found next = splitter.next();
      while (next != LineSplitter.Found.NOTHING) {
        found.add(text(splitter, next));
        next = splitter.next();
      }
    }
    LineSplitter.Found last = splitter.last();
    if (last != LineSplitter.Found.NOTHING) {
      found.add(text(splitter, last));
    }
    return found;
  }

  private static String text(LineSplitter splitter, LineSplitter.Found found) {
    return found == LineSplitter.Found.TOO_LONG
        ? TOO_LONG
        : new String(
            splitter.bytes(),
            splitter.start(),
            splitter.end() - splitter.start(),
            StandardCharsets.UTF_8);
  }

  @Test
  void aLineThatIsGivenUpTakesNoMemory() {
    LineSplitter splitter = new LineSplitter(1_000);
    splitter.add("begun".getBytes(StandardCharsets.UTF_8));
    assertThat(splitter.next()).isEqualTo(LineSplitter.Found.NOTHING);
    assertThat(splitter.begunBytes()).isPositive();
    splitter.giveUpLine();
    assertThat(splitter.begunBytes()).isZero();
    assertThat(splitter.isInLine()).isTrue();
    splitter.add(" and ended\nnext\n".getBytes(StandardCharsets.UTF_8));
    assertThat(splitter.next()).isEqualTo(LineSplitter.Found.TOO_LONG);
    assertThat(splitter.next()).isEqualTo(LineSplitter.Found.LINE);
    assertThat(splitter.end() - splitter.start()).isEqualTo(4);
  }
}
