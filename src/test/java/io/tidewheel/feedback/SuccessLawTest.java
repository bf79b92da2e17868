package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.function.LongToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The success law against simulated backends; the figures are those the broker must keep. */
class SuccessLawTest {
  private static final double UNBOUNDED = 1e9;
  private static final SuccessLaw.Settings SETTINGS =
      new SuccessLaw.Settings(0.9, 10 * Plant.SECOND, 1);

  private final SuccessLaw law = new SuccessLaw(SETTINGS);

  private Plant plant(long latencyMillis, long seed) {
    return new Plant(
        (now, outcomes) -> {
          law.step(now, outcomes, false);
          return law.limit();
        },
        2_000,
        latencyMillis * 1_000_000,
        seed);
  }

  @ParameterizedTest
  @CsvSource({"5,1", "20,2", "100,3", "500,4"})
  void neverLimitsWhatSucceeds(long latency, long seed) {
    Plant plant = plant(latency, seed).run(60, 0.97, UNBOUNDED);
    assertThat(law.isOpen()).isTrue();
    assertThat(plant.mean(5, 60, Plant.Second::calls)).isGreaterThan(1_990);
  }

  @ParameterizedTest
  @CsvSource({"5,1", "20,2", "100,3", "20,4", "20,5"})
  void leavesABackendThatIsDownAlone(long latency, long seed) {
    Plant plant = plant(latency, seed).run(20, 1, UNBOUNDED).run(30, 0, 0).run(20, 1, UNBOUNDED);
    assertThat(plant.mean(25, 50, Plant.Second::calls)).isLessThanOrEqualTo(40);
    assertThat(plant.mean(25, 50, Plant.Second::calls)).isGreaterThanOrEqualTo(1);
    assertThat(plant.second(55).good()).isGreaterThan(1_950);
    assertThat(plant.swing(56, 70, Plant.Second::good)).isLessThan(0.05);
    assertThat(law.isOpen()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"5,1", "20,2", "100,3", "20,4", "20,5", "300,6"})
  void findsAHiddenCapacity(long latency, long seed) {
    Plant plant = plant(latency, seed).run(20, 1, UNBOUNDED).run(100, 1, 500);
    assertThat(plant.mean(35, 120, Plant.Second::good)).isGreaterThan(450);
    assertThat(plant.wasted(35, 120)).isLessThan(0.07);
    assertThat(plant.swing(35, 120, Plant.Second::calls)).isLessThan(0.2);
  }

  /** Each call fails by itself in most cases, whatever the rate: less calls are less successes. */
  @ParameterizedTest
  @CsvSource({"5,1", "20,2", "100,3", "20,4", "20,5"})
  void keepsTheRateWhenItIsNotWhatFails(long latency, long seed) {
    Plant plant =
        plant(latency, seed).run(20, 1, UNBOUNDED).run(60, 0.3, UNBOUNDED).run(20, 1, UNBOUNDED);
    assertThat(plant.mean(20, 80, Plant.Second::good)).isGreaterThan(0.85 * 600);
    assertThat(plant.mean(20, 26, Plant.Second::good)).isGreaterThan(0.6 * 600);
    assertThat(plant.swing(30, 80, Plant.Second::calls)).isLessThan(0.2);
    assertThat(plant.mean(82, 100, Plant.Second::good)).isGreaterThan(1_900);
  }

  /** It serves less than a third of before; the others fail. */
  @ParameterizedTest
  @CsvSource({"5,1", "20,2", "100,3", "20,4", "20,5"})
  void followsACapacityDownAndUp(long latency, long seed) {
    Plant plant = plant(latency, seed).run(20, 1, 2_100).run(60, 1, 600).run(20, 1, 2_100);
    assertThat(plant.mean(25, 80, Plant.Second::good)).isGreaterThan(0.85 * 600);
    assertThat(plant.wasted(30, 80)).isLessThan(0.1);
    assertThat(plant.swing(35, 80, Plant.Second::calls)).isLessThan(0.2);
    assertThat(plant.mean(90, 100, Plant.Second::good)).isGreaterThan(1_800);
  }

  private BusyPlant busyPlant(BusyPlant.Noise noise, long seed) {
    return busyPlant(noise, 2_000, seed);
  }

  private BusyPlant busyPlant(BusyPlant.Noise noise, double handlerRate, long seed) {
    return new BusyPlant(
            (now, outcomes, isHeldElsewhere) -> {
              law.step(now, outcomes, isHeldElsewhere);
              return law.limit();
            },
            handlerRate,
            seed)
        .with(noise);
  }

  /** Workers that were late make up for it at once, and call more than the backend takes. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void findsAHiddenCapacityOnABusyMachine(long seed) {
    BusyPlant plant = busyPlant(BusyPlant.Noise.BUSY, seed).run(75, 1, now -> 500);
    assertThat(plant.good(15, 75)).isGreaterThan(0.85 * 500);
    assertThat(plant.wasted(15, 75)).isLessThan(0.13);
    assertThat(plant.most(15, 75)).isLessThan(800);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void findsAHiddenCapacityWhereAnswersComeLate(long seed) {
    BusyPlant plant = busyPlant(BusyPlant.Noise.COLD, seed).run(75, 1, now -> 500);
    assertThat(plant.wasted(15, 75)).isLessThan(0.13);
    assertThat(plant.good(15, 75)).isGreaterThan(0.55 * 500);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void wastesLittleWhereEverybodyGetsThirdsOfTheProcessors(long seed) {
    BusyPlant plant = busyPlant(BusyPlant.Noise.TURNS, seed).run(75, 1, now -> 500);
    assertThat(plant.wasted(15, 75)).isLessThan(0.13);
    assertThat(plant.good(15, 75)).isGreaterThan(0.65 * 500);
  }

  /** Chance has it that slowing down does not help; without a retrial 46 % are wasted for good. */
  @Test
  void findsOutThatItWasTheRateAfterAll() {
    BusyPlant plant = busyPlant(BusyPlant.Noise.TURNS, 600, 279).run(75, 1, now -> 250);
    assertThat(plant.wasted(0, 15)).isGreaterThan(0.3);
    assertThat(plant.wasted(25, 75)).isLessThan(0.2);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void followsACapacityThatWobbles(long seed) {
    LongToDoubleFunction capacity = now -> 500 * (1 + 0.3 * Math.sin(now / 1e9 * Math.PI / 3.5));
    BusyPlant plant = busyPlant(BusyPlant.Noise.BUSY, seed).run(75, 1, capacity);
    assertThat(plant.good(15, 75)).isGreaterThan(0.7 * 500);
    assertThat(plant.wasted(15, 75)).isLessThan(0.17);
  }

  /** For four of eight seconds the processors, say, hold more than the backend's capacity does. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void remembersWhatFailsWhileAnotherBoundHolds(long seed) {
    BusyPlant plant =
        busyPlant(BusyPlant.Noise.BUSY, seed)
            .bounded(now -> now / Plant.SECOND % 8 < 4 ? 120 : UNBOUNDED)
            .run(75, 1, now -> 500);
    assertThat(plant.wasted(15, 75)).isLessThan(0.13);
    assertThat(plant.most(15, 75)).isLessThan(800);
  }

  /** Guards that the subscription is not decided about for ever, although nothing fails. */
  @Test
  void endsWhileAnotherBoundHoldsForGood() {
    BusyPlant plant = busyPlant(BusyPlant.Noise.NONE, 1).run(10, 1, now -> 500);
    assertThat(law.isOpen()).isFalse();
    plant.bounded(now -> 120).run(30, 1, now -> 500);
    assertThat(law.isOpen()).isFalse();
    plant.run(40, 1, now -> 500);
    assertThat(law.isOpen()).isTrue();
  }

  /** On a busy machine as well, and at any rate below what the machine can do. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void keepsTheRateOfABusyMachineWhenItIsNotWhatFails(long seed) {
    BusyPlant free = busyPlant(BusyPlant.Noise.BUSY, seed).run(75, 1, now -> UNBOUNDED);
    BusyPlant plant = busyPlant(BusyPlant.Noise.BUSY, seed).run(75, 0.3, now -> UNBOUNDED);
    assertThat(plant.good(15, 75)).isGreaterThan(0.85 * 0.3 * free.good(15, 75));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void isBackSoonOnABusyMachine(long seed) {
    BusyPlant plant =
        busyPlant(BusyPlant.Noise.BUSY, seed)
            .run(10, 1, now -> UNBOUNDED)
            .run(30, 0, now -> UNBOUNDED)
            .run(20, 1, now -> UNBOUNDED);
    assertThat(plant.calls(15, 40)).isBetween(1.0, 40.0);
    assertThat(plant.good(45, 60)).isGreaterThan(0.8 * plant.good(3, 10));
  }

  /** Why there is this law: the simpler one loses more in each of the situations. */
  @Test
  void doesBetterThanAdditiveIncrease() {
    AimdLaw simple = new AimdLaw(0.9);
    Plant other = new Plant(simple::step, 2_000, 20_000_000, 1).run(20, 1, UNBOUNDED);
    Plant own = plant(20, 1).run(20, 1, UNBOUNDED);
    other.run(100, 1, 500);
    own.run(100, 1, 500);
    assertThat(own.mean(35, 120, Plant.Second::good))
        .isGreaterThan(other.mean(35, 120, Plant.Second::good) * 1.05);
    assertThat(own.swing(35, 120, Plant.Second::calls))
        .isLessThan(other.swing(35, 120, Plant.Second::calls) / 2);
  }

  @Test
  void aTargetOfNothingSwitchesItOff() {
    law.change(new SuccessLaw.Settings(0, Plant.SECOND, 1));
    plant(20, 1).run(5, 0, UNBOUNDED);
    assertThat(law.isOpen()).isTrue();
  }

  @Test
  void aFewFailuresAreNoReason() {
    long now = Plant.SECOND;
    for (int i = 0; i < 9; i++) {
      now += Plant.SECOND / 4;
      law.step(now, new Outcomes(0, 1, 1_000), false);
    }
    assertThat(law.isOpen()).isTrue();
  }

  @Test
  void neverFallsBelowTheLeastRate() {
    law.change(new SuccessLaw.Settings(0.9, 10 * Plant.SECOND, 50));
    Plant plant = plant(20, 1).run(20, 1, UNBOUNDED).run(20, 0, 0);
    assertThat(plant.limit()).isEqualTo(50);
  }

  /** Also while it is tried whether less would do better. */
  @Test
  void triesNothingBelowTheLeastRate() {
    law.change(new SuccessLaw.Settings(0.9, 10 * Plant.SECOND, 1_900));
    Plant plant = plant(20, 1).run(20, 1, UNBOUNDED).run(60, 0.3, UNBOUNDED);
    for (int second = 20; second < 80; second++) {
      assertThat(plant.second(second).calls()).as("second %d", second).isGreaterThan(1_850);
    }
  }

  @Test
  void goesOnWhereAnotherOneWasLost() {
    law.adopt(500, Plant.SECOND);
    assertThat(law.limit()).isEqualTo(500);
    Plant plant = plant(20, 1).run(10, 1, 500);
    assertThat(plant.mean(2, 10, Plant.Second::good)).isGreaterThan(450);
  }
}
