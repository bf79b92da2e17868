package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What a worker heard of a backend: that it wants fewer calls, none, or as many as there are. */
public final class Pushback {
  private static final double THOUSAND = 1_000;

  private final Frame.Signal signal;
  private final long rate;
  private final long ttlMillis;
  private final @Nullable String reason;

  private Pushback(Frame.Signal signal, long rate, long ttlMillis, @Nullable String reason) {
    this.signal = signal;
    this.rate = rate;
    this.ttlMillis = ttlMillis;
    this.reason = reason;
  }

  /** It takes so many calls a second, from all who call it together. */
  public static Pushback slow(double callsPerSecond) {
    if (!(callsPerSecond >= 0 && callsPerSecond <= 1e9)) {
      throw new IllegalArgumentException(callsPerSecond + " calls a second");
    }
    return new Pushback(Frame.Signal.SLOW, Math.round(callsPerSecond * THOUSAND), 0, null);
  }

  /** It wants fewer calls, and did not say how many: half of those it gets now. */
  public static Pushback slow() {
    return new Pushback(Frame.Signal.SLOW, -1, 0, null);
  }

  /** It wants no calls. */
  public static Pushback stop() {
    return new Pushback(Frame.Signal.STOP, -1, 0, null);
  }

  /** It is well again: what was said before is over. */
  public static Pushback recovered() {
    return new Pushback(Frame.Signal.RECOVERED, -1, 0, null);
  }

  /** For so long unless it is said again, 100 ms to 10 minutes; 30 s if it is not said. */
  public Pushback lasting(Duration time) {
    return new Pushback(signal, rate, Math.max(1, time.toMillis()), reason);
  }

  /** For people. */
  public Pushback because(String text) {
    return new Pushback(signal, rate, ttlMillis, text);
  }

  Frame.Pushback frame(int ref, String backend) {
    return new Frame.Pushback(ref, backend, signal, rate, ttlMillis, reason);
  }
}
