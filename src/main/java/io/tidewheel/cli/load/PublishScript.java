package io.tidewheel.cli.load;

import io.tidewheel.cli.load.RequestTemplate.Field;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Publishes, or calls the route that does nothing with the same request. */
final class PublishScript implements Script {
  /** Of the route that does nothing. */
  static final String EMPTY_PATH = "/v1/bench";

  private static final int KEY_DIGITS = 8;
  private static final int ID_DIGITS = 12;
  private static final byte[] ERROR = "\"error\":".getBytes(StandardCharsets.US_ASCII);

  /** After a refusal, so that a refusing broker is not flooded. */
  private static final long REFUSED_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

  private final LoadPlan plan;
  private final RunState state;
  private final Meters meters;
  private final Operation operation;
  private final RequestTemplate template;
  private final SplittableRandom random;
  private final int topicDigits;
  private int topic;
  private long startNanos;

  PublishScript(LoadPlan plan, RunState state, Meters meters, int number) {
    this.plan = plan;
    this.state = state;
    this.meters = meters;
    this.operation = plan.mode() == LoadPlan.Mode.EMPTY ? Operation.EMPTY : Operation.PUBLISH;
    this.random = new SplittableRandom(plan.seed() + number);
    this.topicDigits = plan.topics().size() == 1 ? 0 : TopicNames.DIGITS;
    this.template = template();
  }

  @Override
  public boolean isPaced() {
    return plan.rate() > 0;
  }

  @Override
  public @Nullable ByteBuffer next(long start) {
    if (!state.take(start, plan.batch())) {
      return null;
    }
    startNanos = start;
    topic = state.nextTopic(plan.topics().size());
    return template.fill(this::number);
  }

  @Override
  public long answered(AnswerReader answer, long nowNanos) {
    int status = answer.status();
    boolean isMeasured = state.isMeasured(startNanos);
    if (isMeasured && status >= 300) {
      meters.failed(operation.label() + ": HTTP " + status, plan.batch());
    } else if (isMeasured) {
      int refused = status == 207 ? answer.count(ERROR) : 0;
      if (refused > 0) {
        meters.failed(operation.label() + ": refused in a batch", refused);
      }
      meters.of(operation).answered(nowNanos - startNanos, plan.batch() - refused);
      state.published(plan.batch() - refused);
    }
    state.settled(startNanos, nowNanos, plan.batch());
    return status >= 300 ? REFUSED_NANOS : 0;
  }

  @Override
  public void lost(String reason, long nowNanos) {
    if (state.isMeasured(startNanos)) {
      meters.failed(operation.label() + ": " + reason, plan.batch());
      meters.of(operation).waited(nowNanos - startNanos);
    }
    state.settled(startNanos, nowNanos, plan.batch());
  }

  @Override
  public boolean unsent(long dueNanos, long endNanos) {
    if (!state.isMeasured(dueNanos)) {
      return true;
    }
    boolean isOpen = state.takeUnsent(plan.batch());
    if (isOpen) {
      meters.of(operation).unsent(endNanos - dueNanos, plan.batch());
    }
    return isOpen;
  }

  private long number(Field field) {
    return switch (field) {
      case TOPIC -> topic;
      case KEY -> random.nextInt(plan.keyCount());
      case ID -> state.nextId();
      case SENT_AT -> startNanos;
    };
  }

  private RequestTemplate template() {
    RequestTemplate.Builder body = plan.batch() == 1 ? Payload.template(plan) : batch();
    RequestTemplate.Builder request = new RequestTemplate.Builder().text("POST ");
    if (operation == Operation.EMPTY) {
      request.text(EMPTY_PATH);
    } else {
      String name = plan.topics().get(0);
      request.text("/v1/topics/" + name.substring(0, name.length() - topicDigits));
      if (topicDigits > 0) {
        request.number(Field.TOPIC, topicDigits);
      }
      request.text(plan.batch() == 1 ? "/messages" : "/messages:batch");
    }
    request.text(" HTTP/1.1\r\nHost: " + plan.host() + "\r\nContent-Type: application/json\r\n");
    if (plan.batch() == 1 && plan.keyCount() > 0) {
      request.text("Tidewheel-Key: key-").number(Field.KEY, KEY_DIGITS).text("\r\n");
    }
    if (plan.batch() == 1 && plan.hasIds()) {
      request.text("Idempotency-Key: " + plan.runName() + '-');
      request.number(Field.ID, ID_DIGITS).text("\r\n");
    }
    return request.text("Content-Length: " + body.size() + "\r\n\r\n").append(body).build();
  }

  private RequestTemplate.Builder batch() {
    RequestTemplate.Builder body = new RequestTemplate.Builder().text("{\"messages\":[");
    for (int i = 0; i < plan.batch(); i++) {
      body.text(i == 0 ? "" : ",").append(message(plan));
    }
    return body.text("]}");
  }

  /** A message as an object of JSON. */
  static RequestTemplate.Builder message(LoadPlan plan) {
    RequestTemplate.Builder message = new RequestTemplate.Builder().text("{");
    if (plan.keyCount() > 0) {
      message.text("\"key\":\"key-").number(Field.KEY, KEY_DIGITS).text("\",");
    }
    if (plan.hasIds()) {
      message.text("\"id\":\"" + plan.runName() + '-').number(Field.ID, ID_DIGITS).text("\",");
    }
    return message.text("\"body\":").append(Payload.template(plan)).text("}");
  }
}
