package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;

class DivisionTest {
  private static final double INFINITE = Double.POSITIVE_INFINITY;
  private static final Offset<Double> CLOSE = within(1e-6);

  private static Division.Claim claim(double weight, double want) {
    return new Division.Claim(weight, want);
  }

  @Test
  void followsTheBacklogAndStarvesNobody() {
    double[] parts =
        Division.divide(
            1_000, List.of(claim(900_000, INFINITE), claim(1, INFINITE), claim(0, INFINITE)));
    assertThat(parts[0]).isGreaterThan(800);
    assertThat(parts[1]).isGreaterThan(60);
    assertThat(parts[2]).isGreaterThan(60);
  }

  @Test
  void givesWhatOneCannotUseToOthers() {
    double[] parts = Division.divide(900, List.of(claim(1, 100), claim(1, INFINITE)));
    assertThat(parts[0]).isCloseTo(100, CLOSE);
    assertThat(parts[1]).isCloseTo(800, CLOSE);
  }

  @Test
  void spreadsWhatNobodyWants() {
    double[] parts = Division.divide(1_000, List.of(claim(1, 100), claim(1, 100)));
    assertThat(parts).containsExactly(new double[] {500, 500}, CLOSE);
  }

  @Test
  void partsAreTheTotalWhateverTheClaims() {
    Random random = new Random(7);
    for (int round = 0; round < 1_000; round++) {
      List<Division.Claim> claims = new ArrayList<>();
      int count = 1 + random.nextInt(12);
      for (int i = 0; i < count; i++) {
        claims.add(
            claim(
                random.nextBoolean() ? 0 : random.nextInt(1_000_000),
                random.nextBoolean() ? INFINITE : random.nextInt(500)));
      }
      double[] parts = Division.divide(1_000, claims);
      assertThat(Arrays.stream(parts).sum()).isCloseTo(1_000, within(1e-3));
      assertThat(Arrays.stream(parts).min().orElseThrow()).isNotNegative();
    }
  }

  @Test
  void nobodyGetsNothingOfNothing() {
    assertThat(Division.divide(10, List.of())).isEmpty();
    assertThat(Division.divide(0, List.of(claim(1, INFINITE)))).containsExactly(0);
  }
}
