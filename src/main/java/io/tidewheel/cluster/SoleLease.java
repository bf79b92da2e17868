package io.tidewheel.cluster;

import akka.Done;
import io.tidewheel.journal.Fence;
import io.tidewheel.journal.SharedRegister;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.BiConsumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The right of a broker that has no others to ask, on a store that another one could use as well: a
 * value there names it, and it has written that anew within {@link #TERM}. A lease after Gray and
 * Cheriton (1989) without a common clock.
 *
 * <p>Who comes while another one has it waits until that has given it back, or has not renewed it
 * for a term since its last value was read. By then its right has ended, as that counts from before
 * it wrote. The store may be away for any time: then nobody has the right, and who had it last has
 * it again, unless it was taken over.
 *
 * <p>{@link #isHeld} is safe for any thread; all else happens one step after the other.
 */
public final class SoleLease implements Fence {
  /** How long a value counts that was written. */
  static final Duration TERM = Duration.ofSeconds(6);

  static final Duration INTERVAL = Duration.ofSeconds(1);

  private static final Logger LOG = LoggerFactory.getLogger(SoleLease.class);
  private static final String NAME = "sole-broker";
  private static final byte[] FREE = {};

  private final Parts parts;
  private final CompletableFuture<Done> taken = new CompletableFuture<>();
  private volatile long endNanos;
  private volatile boolean isEnded;
  private volatile CompletionStage<Void> step = CompletableFuture.completedFuture(null);

  /** What is stored, if it is known to be of this broker. */
  private volatile byte @Nullable [] mine;

  private byte @Nullable [] seen;
  private long seenNanos;
  private long count;

  /**
   * What it works with.
   *
   * @param holder names this broker and no other, also after it was started again; no spaces
   * @param later runs something after a time
   * @param onLost is run once, on any thread, when another broker has taken over
   */
  public record Parts(
      SharedRegister register,
      String holder,
      LongSupplier nanoTime,
      BiConsumer<Duration, Runnable> later,
      Runnable onLost) {}

  private SoleLease(Parts parts) {
    this.parts = parts;
    this.endNanos = parts.nanoTime().getAsLong();
  }

  /** Begins to try. */
  public static SoleLease start(Parts parts) {
    SoleLease lease = new SoleLease(parts);
    lease.step();
    return lease;
  }

  @Override
  public boolean isHeld() {
    return parts.nanoTime().getAsLong() - endNanos < 0 && !isEnded;
  }

  /** Completes when this broker has had the right for the first time. */
  public CompletionStage<Done> taken() {
    return taken;
  }

  /** Gives it up for ever, so that the next one need not wait; done when that is stored. */
  public CompletionStage<Done> release() {
    isEnded = true;
    return step.handle((done, failure) -> mine)
        .thenCompose(
            last ->
                last == null
                    ? CompletableFuture.completedFuture(false)
                    : parts.register().replace(NAME, last, FREE))
        .handle((done, failure) -> Done.getInstance());
  }

  private void step() {
    if (isEnded) {
      return;
    }
    byte[] last = mine;
    step = last == null ? look() : write(last);
    step.whenComplete((done, failure) -> parts.later().accept(INTERVAL, this::step));
  }

  private CompletionStage<Void> look() {
    return parts
        .register()
        .read(NAME)
        .thenCompose(
            found -> {
              byte[] value = found == null ? FREE : found;
              boolean isFree = value.length == 0;
              if (taken.isDone() && !isOwn(value)) {
                return lose(isFree ? "nobody" : holderOf(value));
              }
              return isFree || isOwn(value) || isOver(value) ? write(found) : nothing();
            });
  }

  private CompletionStage<Void> write(byte @Nullable [] expected) {
    long sentNanos = parts.nanoTime().getAsLong();
    byte[] next = (parts.holder() + ' ' + ++count).getBytes(StandardCharsets.UTF_8);
    // What is stored is not known while this is under way, nor after it has failed.
    mine = null;
    return parts
        .register()
        .replace(NAME, expected, next)
        .thenAccept(
            isStored -> {
              if (isStored) {
                mine = next;
                endNanos = sentNanos + TERM.toNanos();
                taken.complete(Done.getInstance());
              }
            });
  }

  private boolean isOver(byte[] found) {
    long now = parts.nanoTime().getAsLong();
    if (Arrays.equals(found, seen)) {
      return now - seenNanos >= TERM.toNanos();
    }
    if (seen == null) {
      LOG.warn(
          "Broker {} uses this keyspace, or ended without giving it back; this one waits. Brokers"
              + " that share a keyspace need tidewheel.cluster.brokers, and discovery or seed-nodes.",
          holderOf(found));
    }
    seen = found;
    seenNanos = now;
    return false;
  }

  private CompletionStage<Void> lose(String holder) {
    if (!isEnded) {
      isEnded = true;
      LOG.error("This broker has lost its keyspace to another one; it belongs to {} now", holder);
      parts.onLost().run();
    }
    return nothing();
  }

  private boolean isOwn(byte[] found) {
    return holderOf(found).equals(parts.holder());
  }

  private static String holderOf(byte[] value) {
    return new String(value, StandardCharsets.UTF_8).split(" ", 2)[0];
  }

  private static CompletionStage<Void> nothing() {
    return CompletableFuture.completedFuture(null);
  }
}
