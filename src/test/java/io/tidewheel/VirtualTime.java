package io.tidewheel;

import akka.actor.testkit.typed.javadsl.ActorTestKit;
import akka.actor.typed.ActorSystem;
import akka.testkit.ExplicitlyTriggeredScheduler;
import java.time.Duration;

/**
 * The time of a kit that was made with {@code ManualTime.config()}, for tests that know by
 * themselves when their actors have dealt with everything: {@code ManualTime} sleeps for a tenth of
 * a second of real time whenever time passes, and this does not.
 */
public final class VirtualTime {
  private final ActorSystem<?> system;
  private final ExplicitlyTriggeredScheduler scheduler;

  /** The time of this kit. */
  public VirtualTime(ActorTestKit kit) {
    system = kit.system();
    scheduler = (ExplicitlyTriggeredScheduler) system.classicSystem().scheduler();
  }

  /** Timers that become due tell their actors, in order. */
  public void passes(Duration time) {
    // The scheduler moves its clock to what it runs, so there is something to run at the end.
    scheduler.scheduleOnce(time, () -> {}, system.executionContext());
    scheduler.executeTasks(scheduler.currentTimeMs() + time.toMillis());
  }
}
