package io.tidewheel.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.DispatcherSelector;
import akka.testkit.CallingThreadDispatcher;
import io.tidewheel.catalog.CatalogSnapshot;
import io.tidewheel.catalog.Changed;
import io.tidewheel.catalog.SubscriptionSettings;
import io.tidewheel.catalog.Topic;
import io.tidewheel.catalog.TopicSettings;
import io.tidewheel.subscription.Allowance;
import io.tidewheel.subscription.DequeueRates;
import io.tidewheel.subscription.Dispatched;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The relay of a node with real feedback actors, in virtual time and on the thread of the test. */
class FeedbackRelayTest {
  private static final long TICK = 250_000_000L;
  private static final int TURNS = 25;
  private static final DispatcherSelector HERE =
      DispatcherSelector.fromConfig(CallingThreadDispatcher.Id());

  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final AtomicLong nanos = new AtomicLong(1);
  private final AtomicLong published = new AtomicLong();
  private final DequeueRates rates = new DequeueRates();
  private final Actors actors = new Actors();
  private SubscriptionSettings settings = SubscriptionSettings.DEFAULTS;
  private int brokers = 1;
  private int wanted = 250;
  private ActorRef<FeedbackRelay.Command> relay;
  private Dispatched subscription;

  /** Starts one for whoever is told something, as sharding does; loses what is lost. */
  private final class Actors implements NoBackends {
    private ActorRef<SuccessFeedback.Command> success;
    private boolean isLost;
    private int reports;

    @Override
    public void tell(long subscriptionUid, SuccessFeedback.Command command) {
      reports++;
      if (isLost) {
        return;
      }
      if (success == null) {
        success = kit.spawn(SuccessFeedback.create(nanos::get, self -> {}), HERE);
      }
      success.tell(command);
    }

    void kill() {
      kit.stop(success);
      success = null;
    }
  }

  @AfterEach
  void stop() {
    kit.shutdownTestKit();
  }

  private void start() {
    Topic.Subscription billing =
        new Topic.Subscription(
            2, "billing", 1, 0, settings, Topic.StartPosition.EARLIEST, 0, Topic.Stage.OPEN, false);
    Topic orders =
        new Topic(1, "orders", 1, 0, TopicSettings.defaults(1), false, Map.of("billing", billing));
    CatalogSnapshot catalog = CatalogSnapshot.of(1, new TreeMap<>(Map.of("orders", orders)));
    relay =
        kit.spawn(
            FeedbackRelay.create(
                new FeedbackRelay.Parts(
                    "one",
                    rates,
                    () -> catalog,
                    actors,
                    () -> brokers,
                    published::get,
                    new FeedbackFigures(),
                    nanos::get)),
            HERE);
    subscription = new Dispatched(rates, 1, 2, settings);
  }

  /**
   * Lets time pass with workers that take four times {@code wanted} a second; the messages given
   * out a second.
   */
  private double run(double seconds, boolean isGood) {
    int given = 0;
    for (int i = 0; i < seconds * 4; i++) {
      for (int turn = 0; turn < TURNS; turn++) {
        given += subscription.give(wanted / TURNS, isGood, "w", nanos.get());
        nanos.addAndGet(TICK / TURNS);
      }
      relay.tell(new FeedbackRelay.Look());
      if (actors.success != null) {
        actors.success.tell(new SuccessFeedback.Look());
      }
    }
    return given / seconds;
  }

  /** What the relay says. */
  private NodeFeedback.Node describe() {
    TestProbe<NodeFeedback.Node> probe = kit.createTestProbe();
    relay.tell(new FeedbackRelay.Describe(probe.ref()));
    return probe.receiveMessage();
  }

  private Allowance allowance() {
    return subscription.throttle().allowance();
  }

  @Test
  void saysNothingAboutASubscriptionThatIsWell() {
    start();
    assertThat(run(10, true)).isEqualTo(1_000);
    assertThat(actors.reports).isZero();
    assertThat(allowance().reason()).isEqualTo(Allowance.Reason.NONE);
  }

  @Test
  void sharesALimitWithOtherNodesAsSoonAsItStarts() {
    settings = Changed.in(settings, "rateLimit", 100.0);
    brokers = 4;
    start();
    run(3, true);
    assertThat(actors.reports).isPositive();
    assertThat(allowance().limitShare()).isPositive();
  }

  @Test
  void lowersTheRateOfWhatFailsAndRaisesItAgain() {
    start();
    run(5, true);
    run(5, false);
    assertThat(allowance().reason()).isEqualTo(Allowance.Reason.SUCCESS);
    assertThat(allowance().retryShare()).isEqualTo(Grants.RETRY_SHARE);
    assertThat(run(5, false)).isLessThanOrEqualTo(21);
    run(6, true);
    assertThat(run(2, true)).isEqualTo(1_000);
  }

  /** Guards that dispatch does not hang on the life of an actor. */
  @Test
  void whatWasGrantedFadesWhenTheActorIsLostAndHoldsWhenItIsReplaced() {
    start();
    run(5, true);
    run(6, false);
    double low = allowance().rate();
    assertThat(low).isLessThan(50);
    actors.kill();
    run(3, false);
    assertThat(allowance().rate()).as("a new actor goes on").isLessThan(100);
    actors.isLost = true;
    run(2, false);
    assertThat(allowance().rate()).as("held").isLessThan(100);
    run(30, true);
    assertThat(allowance().rate()).as("faded").isGreaterThan(1_000);
  }

  @Test
  void aBusyNodeGivesOutLessWhileMessagesArePublished() {
    start();
    wanted = 2_500;
    run(5, true);
    relay.tell(new FeedbackRelay.Cpu(0.95, 0.5, 0.2));
    assertThat(run(2, true)).as("nobody publishes").isEqualTo(10_000);
    published.incrementAndGet();
    run(0.5, true);
    published.incrementAndGet();
    assertThat(run(1, true)).isBetween(1_500.0, 3_200.0);
    assertThat(allowance().reason()).isEqualTo(Allowance.Reason.CPU);
    assertThat(allowance().detail()).contains("95 %");
    relay.tell(new FeedbackRelay.Cpu(0.3, 0.1, 1));
    run(0.5, true);
    assertThat(run(1, true)).isEqualTo(10_000);
  }

  @Test
  void whatASickWorkerDoesIsNotHeldAgainstTheSubscription() {
    start();
    for (int i = 0; i < 40; i++) {
      subscription.give(100, true, "well", nanos.get());
      subscription.give(200, false, "broken", nanos.get());
      run(0.25, true);
    }
    assertThat(describe().rows()).hasSize(1);
    assertThat(describe().rows().get(0).sickWorkers())
        .isEqualTo(List.of(new NodeFeedback.Sick("broken", "1")));
    assertThat(allowance().reason()).isEqualTo(Allowance.Reason.NONE);
  }
}
