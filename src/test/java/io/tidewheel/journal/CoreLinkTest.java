package io.tidewheel.journal;

import static org.assertj.core.api.Assertions.assertThat;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.testkit.typed.javadsl.ManualTime;
import akka.actor.testkit.typed.javadsl.TestProbe;
import akka.actor.typed.ActorRef;
import akka.actor.typed.Behavior;
import akka.actor.typed.javadsl.Behaviors;
import io.tidewheel.journal.FencedLog.Done;
import io.tidewheel.journal.FencedLog.Request;
import io.tidewheel.journal.FencedLog.Stale;
import io.tidewheel.journal.FencedLog.Submit;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class CoreLinkTest {
  private final ActorTestKit kit = ActorTestKit.create(ManualTime.config());
  private final ManualTime time = ManualTime.get(kit.system());
  private final TestProbe<String> events = kit.createTestProbe();
  private final AtomicBoolean mayTakeOver = new AtomicBoolean(true);
  private final AtomicInteger looks = new AtomicInteger();
  private volatile Runnable hint = () -> {};
  private final Fence fence =
      new Fence() {
        @Override
        public boolean isHeld() {
          return true;
        }

        @Override
        public boolean mayTakeOver() {
          looks.incrementAndGet();
          return mayTakeOver.get();
        }

        @Override
        public BooleanSupplier claim(Runnable onReady) {
          hint = onReady;
          return this::mayTakeOver;
        }
      };
  private final ActorRef<Object> front = kit.spawn(front());

  @AfterEach
  void close() {
    kit.shutdownTestKit();
  }

  @Test
  void loadsFirstThenPassesResultsOn() {
    events.expectMessage("done loaded");
    front.tell("a");
    events.expectMessage("done a");
    front.tell("b");
    events.expectMessage("done b");
  }

  @Test
  void takesOneCommandAtATime() {
    events.expectMessage("done loaded");
    front.tell("silent");
    events.expectNoMessage(Duration.ofMillis(20));
    front.tell("b");
    events.expectMessage("refused b");
  }

  @Test
  void aFenceThatIsLostIsPassedOn() {
    events.expectMessage("done loaded");
    front.tell("stale");
    events.expectMessage("lost false");
    front.tell("stale after");
    events.expectMessage("lost true");
    front.tell("a");
    events.expectMessage("done a");
  }

  /** Guards what is in the core's hands when it stops: it may be stored. */
  @Test
  void whatACoreHeldMayBeStored() {
    events.expectMessage("done loaded");
    front.tell("stop");
    events.expectMessage("lost true");
    front.tell("a");
    events.expectMessage("refused a");
    time.timePasses(CoreLink.MIN_BACKOFF);
    events.expectMessage("done loaded");
    front.tell("a");
    events.expectMessage("done a");
  }

  /** A journal that can be read but not written would otherwise be recovered from without pause. */
  @Test
  void backoffGrowsUntilACommandSucceedsAfterLoading() {
    events.expectMessage("done loaded");
    long backoff = CoreLink.MIN_BACKOFF.toMillis();
    for (int i = 0; i < 8; i++) {
      stopAndStartAfter(Math.min(backoff, CoreLink.MAX_BACKOFF.toMillis()));
      backoff *= 2;
    }
    front.tell("a");
    events.expectMessage("done a");
    stopAndStartAfter(CoreLink.MIN_BACKOFF.toMillis());
  }

  /** Guards rows that the previous owner confirms after the new one has read the log. */
  @Test
  void readsNothingWhileAPreviousOwnerMayStillWrite() {
    events.expectMessage("done loaded");
    stopWhileAnotherMayWrite();
    time.timePasses(Duration.ofSeconds(3));
    events.expectNoMessage(Duration.ofMillis(50));
    front.tell("a");
    events.expectMessage("refused a");
    mayTakeOver.set(true);
    time.timePasses(CoreLink.MAX_TAKE_OVER_WAIT);
    events.expectMessage("done loaded");
  }

  /** Guards the time until a queue of a killed broker goes on. */
  @Test
  void looksAtOnceWhenTheFenceSaysThatItIsTime() {
    events.expectMessage("done loaded");
    stopWhileAnotherMayWrite();
    awaitLooks(2);
    hint.run();
    awaitLooks(3);
    mayTakeOver.set(true);
    hint.run();
    events.expectMessage("done loaded");
    hint.run();
    time.timePasses(CoreLink.MAX_TAKE_OVER_WAIT);
    events.expectNoMessage(Duration.ofMillis(20));
    front.tell("a");
    events.expectMessage("done a");
  }

  /** Guards a node on which ten thousand queues wait at once. */
  @Test
  void looksLessOftenTheLongerItWaits() {
    events.expectMessage("done loaded");
    stopWhileAnotherMayWrite();
    awaitLooks(2);
    Duration wait = CoreLink.MIN_TAKE_OVER_WAIT;
    for (int i = 3; i < 12; i++) {
      time.timePasses(Duration.ofMillis(wait.toMillis() - 1));
      events.expectNoMessage(Duration.ofMillis(20));
      assertThat(looks).hasValue(i - 1);
      time.timePasses(Duration.ofMillis(1));
      awaitLooks(i);
      Duration longer = wait.multipliedBy(3).dividedBy(2);
      wait =
          longer.compareTo(CoreLink.MAX_TAKE_OVER_WAIT) < 0 ? longer : CoreLink.MAX_TAKE_OVER_WAIT;
    }
    mayTakeOver.set(true);
    time.timePasses(CoreLink.MAX_TAKE_OVER_WAIT);
    events.expectMessage("done loaded");
    front.tell("a");
    events.expectMessage("done a");
    stopWhileAnotherMayWrite();
    awaitLooks(13);
    mayTakeOver.set(true);
    time.timePasses(CoreLink.MIN_TAKE_OVER_WAIT);
    events.expectMessage("done loaded");
  }

  @Test
  void leavesOnceNothingIsUnderWay() {
    events.expectMessage("done loaded");
    front.tell("leave");
    events.expectMessage("left");
    front.tell("a");
    events.expectMessage("done a");
  }

  /** Guards the end of a front whose core does not answer any more. */
  @Test
  void hasLeftWhenTheCoreStopsInstead() {
    events.expectMessage("done loaded");
    front.tell("be gone");
    events.expectMessage("done be gone");
    front.tell("leave");
    events.expectMessage("left");
  }

  @Test
  void hasLeftAtOnceWithoutACore() {
    events.expectMessage("done loaded");
    front.tell("stop");
    events.expectMessage("lost true");
    front.tell("leave");
    events.expectMessage("left");
  }

  private void stopWhileAnotherMayWrite() {
    mayTakeOver.set(false);
    front.tell("stop");
    events.expectMessage("lost true");
    time.timePasses(CoreLink.MIN_BACKOFF);
  }

  /** Also until the timer of the next one is set: it is set in the same turn. */
  private void awaitLooks(int count) {
    events.awaitAssert(
        () -> {
          assertThat(looks).hasValue(count);
          return true;
        });
    events.expectNoMessage(Duration.ofMillis(20));
  }

  private void stopAndStartAfter(long millis) {
    front.tell("stop");
    events.expectMessage("lost true");
    time.timePasses(Duration.ofMillis(millis - 1));
    events.expectNoMessage(Duration.ofMillis(50));
    time.timePasses(Duration.ofMillis(1));
    events.expectMessage("done loaded");
  }

  private Behavior<Object> front() {
    return Behaviors.setup(
        context ->
            Behaviors.withTimers(
                timers -> {
                  LinkUser user = new LinkUser();
                  user.link =
                      new CoreLink<>(
                          context,
                          timers,
                          Ownerships.counted("n", fence, new FencedLog.CheckpointPolicy(1, 1)),
                          CoreLinkTest::core,
                          signal -> signal,
                          () -> user.submit("loaded"));
                  user.link.start();
                  return Behaviors.receiveMessage(
                      message -> {
                        user.onMessage(message);
                        return Behaviors.same();
                      });
                }));
  }

  private final class LinkUser implements CoreLink.Outcome<String> {
    private CoreLink<Object, String, String> link;

    @SuppressWarnings("unchecked") // signals of this link are of strings
    void onMessage(Object message) {
      if (message instanceof CoreLink.Signal<?> signal) {
        link.onSignal((CoreLink.Signal<String>) signal);
      } else if (message.equals("leave")) {
        link.leave(() -> events.getRef().tell("left"));
      } else if (link.isFree()) {
        submit((String) message);
      } else {
        events.getRef().tell("refused " + message);
      }
    }

    void submit(String command) {
      link.submit(command, this);
      assertThat(link.isBusy()).isTrue();
      assertThat(link.isFree()).isFalse();
    }

    @Override
    public void onDone(String result) {
      assertThat(link.isFree()).isTrue();
      events.getRef().tell("done " + result);
    }

    @Override
    public void onLost(boolean mayBeStored) {
      events.getRef().tell("lost " + mayBeStored);
    }
  }

  /** A core that does as it is told. */
  private static Behavior<Request<String, String>> core() {
    AtomicBoolean isToStop = new AtomicBoolean();
    return Behaviors.receiveMessage(
        request -> {
          if (request instanceof FencedLog.Leave<String, String> leave) {
            if (isToStop.get()) {
              return Behaviors.stopped();
            }
            leave.replyTo().tell(new FencedLog.Left<>());
            return Behaviors.same();
          }
          Submit<String, String> submit = (Submit<String, String>) request;
          isToStop.set(submit.command().equals("be gone"));
          switch (submit.command()) {
            case "silent" -> {}
            case "stale" -> submit.replyTo().tell(new Stale<>(false));
            case "stale after" -> submit.replyTo().tell(new Stale<>(true));
            case "stop" -> {
              return Behaviors.stopped();
            }
            default -> submit.replyTo().tell(new Done<>(submit.command()));
          }
          return Behaviors.same();
        });
  }
}
