package io.tidewheel.cli.load;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Pulls, acks what came, nacks a share of it, and pulls again; or pulls and leaves the acks to
 * others.
 */
final class ConsumeScript implements Script {
  private static final byte[] RECEIPT = "\"receipt\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final long REFUSED_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  /** So many pulls of each consumer that bring nothing, in a row: nothing is left. */
  private static final int EMPTY_PULLS = 3;

  /** Pulls that wait for their acks when both are done apart. */
  private static final int MAX_AHEAD = 16;

  private enum Step {
    PULL,
    ACK,
    NACK
  }

  private final LoadPlan plan;
  private final RunState state;
  private final Meters meters;
  private final SplittableRandom random;
  private final byte[] mark;
  private final byte[] pullBody;
  private final RequestBuffer pull;
  private final RequestBuffer ack;
  private final RequestBuffer nack;
  private final ReceiptList acks = new ReceiptList("");
  private final ReceiptList nacks;
  private Step step = Step.PULL;
  private long startNanos;

  ConsumeScript(LoadPlan plan, RunState state, Meters meters, int number) {
    this.plan = plan;
    this.state = state;
    this.meters = meters;
    this.random = new SplittableRandom(plan.seed() - 1 - number);
    this.mark = Payload.mark(plan);
    int topics = plan.topics().size();
    String subscription = plan.subscriptions().get(number / topics % plan.subscriptions().size());
    String path =
        "/v1/topics/"
            + plan.topics().get(number % topics)
            + "/subscriptions/"
            + subscription
            + "/messages:";
    this.pull = new RequestBuffer(path + "pull", plan.host());
    this.ack = new RequestBuffer(path + "ack", plan.host());
    this.nack = new RequestBuffer(path + "nack", plan.host());
    this.nacks = new ReceiptList(",\"delay\":\"" + plan.nackDelay().toMillis() + "ms\"");
    this.pullBody =
        ("{\"max\":" + plan.pullMax() + ",\"wait\":\"" + plan.pullWait().toMillis() + "ms\"}")
            .getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  public boolean isPaced() {
    return false;
  }

  @Override
  public boolean isReady() {
    return plan.mode() != LoadPlan.Mode.ACK || state.ackBodies().size() < MAX_AHEAD || isOver();
  }

  @Override
  public @Nullable ByteBuffer next(long start) {
    startNanos = start;
    return switch (step) {
      case PULL -> isOver() ? null : pull.fill(pullBody, pullBody.length);
      case ACK -> ack.fill(acks.bytes(), acks.length());
      case NACK -> nack.fill(nacks.bytes(), nacks.length());
    };
  }

  private boolean isOver() {
    return state.isStopping()
        || (plan.mode() != LoadPlan.Mode.BOTH && state.ackedCount() >= plan.maxMessages());
  }

  @Override
  public long answered(AnswerReader answer, long nowNanos) {
    return switch (step) {
      case PULL -> pulled(answer, nowNanos);
      case ACK -> settled(Operation.ACK, acks, "\"acked\"", answer, nowNanos);
      case NACK -> settled(Operation.NACK, nacks, "\"nacked\"", answer, nowNanos);
    };
  }

  @Override
  public void lost(String reason) {
    meters.failed(step.name().toLowerCase(java.util.Locale.ROOT) + ": " + reason, 1);
    step = Step.PULL;
  }

  private long pulled(AnswerReader answer, long nowNanos) {
    if (answer.status() >= 300) {
      meters.failed("pull: HTTP " + answer.status(), 1);
      return REFUSED_NANOS;
    }
    acks.clear();
    nacks.clear();
    read(answer, nowNanos);
    int count = acks.count() + nacks.count();
    if (count == 0) {
      meters.of(Operation.PULL).counted(0);
      if (plan.isDraining() && state.emptyPull() >= EMPTY_PULLS * plan.consumers()) {
        state.stop();
      }
      return 0;
    }
    state.fullPull();
    meters.of(Operation.PULL).answered(nowNanos - startNanos, count);
    if (plan.mode() == LoadPlan.Mode.ACK) {
      state.ackBodies().add(acks.copy());
      return 0;
    }
    step = acks.count() > 0 ? Step.ACK : Step.NACK;
    return 0;
  }

  /** One pass over the answer: receipts, and the times in payloads of this run. */
  private void read(AnswerReader answer, long nowNanos) {
    byte[] bytes = answer.bytes();
    int to = answer.bodyTo();
    int i = answer.bodyFrom();
    while (i < to) {
      if (bytes[i] != '"') {
        i++;
      } else if (startsWith(bytes, i, to, RECEIPT)) {
        int from = i + RECEIPT.length;
        int end = from;
        while (end < to && bytes[end] != '"') {
          end++;
        }
        boolean isNacked = plan.nackShare() > 0 && random.nextDouble() < plan.nackShare();
        (isNacked ? nacks : acks).add(bytes, from, end);
        i = end + 1;
      } else if (startsWith(bytes, i, to, mark)) {
        int at = i + mark.length;
        long sentNanos = 0;
        for (int digit = at; digit < Math.min(to, at + Payload.TIME_DIGITS); digit++) {
          sentNanos = sentNanos * 10 + bytes[digit] - '0';
        }
        meters.of(Operation.END_TO_END).answered(nowNanos - sentNanos, 1);
        i += Math.max(mark.length, plan.payloadBytes() - 1);
      } else {
        i++;
      }
    }
  }

  private static boolean startsWith(byte[] bytes, int from, int to, byte[] text) {
    return from + text.length <= to
        && java.util.Arrays.equals(bytes, from, from + text.length, text, 0, text.length);
  }

  private long settled(
      Operation operation, ReceiptList receipts, String good, AnswerReader answer, long nowNanos) {
    int count = receipts.count();
    if (answer.status() >= 300) {
      meters.failed(operation.label() + ": HTTP " + answer.status(), count);
      if (answer.status() == 429 || answer.status() == 503) {
        return REFUSED_NANOS;
      }
      step = Step.PULL;
      return REFUSED_NANOS;
    }
    if (answer.status() != 200) {
      int done = answer.count(good.getBytes(StandardCharsets.US_ASCII));
      // A nack takes those behind it in its key back, so that later nacks of the same key come
      // late.
      if (operation == Operation.ACK) {
        meters.failed("ack: not as asked", count - done);
      }
      count = done;
    }
    meters.of(operation).answered(nowNanos - startNanos, count);
    if (operation == Operation.ACK) {
      state.acked(count, nowNanos);
    }
    step = operation == Operation.ACK && nacks.count() > 0 ? Step.NACK : Step.PULL;
    return 0;
  }
}
