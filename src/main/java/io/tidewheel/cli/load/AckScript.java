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
  public boolean isReady() {
    return isOver() || !state.ackBodies().isEmpty();
  }

  private boolean isOver() {
    return state.isStopping() || state.ackedCount() >= plan.maxMessages();
  }

  @Override
  public @Nullable ByteBuffer next(long start) {
    byte[] body = isOver() ? null : state.ackBodies().poll();
    if (body == null) {
      return null;
    }
    startNanos = start;
    count = 1;
    for (byte octet : body) {
      count += octet == ',' ? 1 : 0;
    }
    return ack.fill(body, body.length);
  }

  @Override
  public long answered(AnswerReader answer, long nowNanos) {
    if (answer.status() >= 300) {
      meters.failed("ack: HTTP " + answer.status(), count);
      return 0;
    }
    int done = answer.status() == 200 ? count : answer.count(ACKED);
    if (done < count) {
      meters.failed("ack: not as asked", count - done);
    }
    meters.of(Operation.ACK).answered(nowNanos - startNanos, done);
    state.acked(done, nowNanos);
    return 0;
  }

  @Override
  public void lost(String reason) {
    meters.failed("ack: " + reason, count);
  }
}
