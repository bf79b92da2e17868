package io.tidewheel.cli.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Acks receipts that consumers of the same run collect. One topic, one subscription. */
final class AckScript implements Script {
  private static final byte[] ACKED = "\"acked\"".getBytes(StandardCharsets.US_ASCII);

  private final LoadPlan plan;
  private final RunState state;
  private final Meters meters;
  private final RequestBuffer ack;
  private long startNanos;
  private int count;

  AckScript(LoadPlan plan, RunState state, Meters meters) {
    this.plan = plan;
    this.state = state;
    this.meters = meters;
    this.ack =
        new RequestBuffer(
            "/v1/topics/"
                + plan.topics().get(0)
                + "/subscriptions/"
                + plan.subscriptions().get(0)
                + "/messages:ack",
            plan.host());
  }

  @Override
  public boolean isPaced() {
    return plan.rate() > 0;
  }

  @Override
  public boolean isReady(long nowNanos) {
    return isOver() || !state.ackBodies().isEmpty();
  }

  private boolean isOver() {
    return state.isStopping() || state.isWindowOver();
  }

  private boolean isDue(long start) {
    return !state.isStopping() && start - state.endNanos() < 0;
  }

  @Override
  public @Nullable ByteBuffer next(long start) {
    byte[] body = isOver() && !isDue(start) ? null : state.ackBodies().poll();
    if (body == null) {
      return null;
    }
    startNanos = start;
    count = state.takeUpTo(start, ReceiptList.count(body));
    return count == 0 ? null : ack.fill(body, ReceiptList.cut(body, count));
  }

  @Override
  public long answered(AnswerReader answer, long nowNanos) {
    boolean isMeasured = state.isMeasured(startNanos);
    if (isMeasured && answer.status() >= 300) {
      meters.failed("ack: HTTP " + answer.status(), count);
    } else if (isMeasured) {
      int done = answer.status() == 200 ? count : answer.count(ACKED);
      if (done < count) {
        meters.failed("ack: not as asked", count - done);
      }
      meters.of(Operation.ACK).answered(nowNanos - startNanos, done);
      state.acked(done, nowNanos);
    }
    state.settled(startNanos, nowNanos, count);
    return 0;
  }

  @Override
  public void lost(String reason, long nowNanos) {
    if (state.isMeasured(startNanos)) {
      meters.failed("ack: " + reason, count);
      meters.of(Operation.ACK).waited(nowNanos - startNanos);
    }
    state.settled(startNanos, nowNanos, count);
  }

  @Override
  public boolean unsent(long dueNanos, long endNanos) {
    if (!state.isMeasured(dueNanos)) {
      return true;
    }
    boolean isOpen = state.takeUnsent(plan.batch());
    if (isOpen) {
      meters.of(Operation.ACK).unsent(endNanos - dueNanos, plan.batch());
    }
    return isOpen;
  }
}
