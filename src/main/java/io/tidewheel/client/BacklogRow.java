package io.tidewheel.client;

import io.tidewheel.session.frame.Frame;
import java.time.Duration;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * What waits for a subscription on one queue.
 *
 * @param node where the queue lives
 * @param backlog messages that are neither settled nor with a worker
 * @param waiting of them, for a retry time or their key
 * @param leased messages with workers
 * @param dispatchable messages that could be given out now
 * @param oldestAt when the oldest unsettled message was published; null if there is none
 * @param lag newest offset minus ack floor
 * @param deadLetters messages that were given up
 * @param workers that pull there
 * @param inRate messages stored a second
 * @param outRate messages settled a second
 * @param failRate deliveries a second that ended without an ack
 * @param drainEta until all is settled if it goes on like this; null if it never is
 * @param allowedRate messages a second that may be given out; infinite for no bound
 * @param allowedReason why it is not more: {@code rate-limit}, {@code success}, {@code backend} or
 *     {@code cpu}
 * @param stopReason why nothing is given out now; null if it flows
 * @param isPaused whether the subscription is paused
 * @param isAsleep whether the queue sleeps, as nothing happens on it
 */
public record BacklogRow(
    String topic,
    String subscription,
    int queue,
    String node,
    long backlog,
    long waiting,
    long leased,
    long dispatchable,
    @Nullable Instant oldestAt,
    long lag,
    long deadLetters,
    int workers,
    double inRate,
    double outRate,
    double failRate,
    @Nullable Duration drainEta,
    double allowedRate,
    String allowedReason,
    @Nullable String stopReason,
    boolean isPaused,
    boolean isAsleep) {

  static BacklogRow of(Frame.BacklogRow row) {
    Frame.Counts counts = row.counts();
    Frame.RatesPerSecond rates = row.rates();
    return new BacklogRow(
        row.topic(),
        row.subscription(),
        row.place().queue(),
        row.node(),
        counts.backlog(),
        counts.waiting(),
        counts.leased(),
        counts.dispatchable(),
        row.oldestAtMillis() == 0 ? null : Instant.ofEpochMilli(row.oldestAtMillis()),
        counts.lag(),
        counts.deadLetters(),
        row.workers(),
        rates.in() / 1_000.0,
        rates.out() / 1_000.0,
        rates.failed() / 1_000.0,
        row.drainSeconds() < 0 ? null : Duration.ofSeconds(row.drainSeconds()),
        row.allowedRate() < 0 ? Double.POSITIVE_INFINITY : row.allowedRate() / 1_000.0,
        row.allowedReason(),
        row.stopReason(),
        row.isPaused(),
        row.isAsleep());
  }
}
