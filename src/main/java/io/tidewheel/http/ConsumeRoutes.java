package io.tidewheel.http;

import akka.NotUsed;
import akka.http.javadsl.model.HttpEntities;
import akka.http.javadsl.model.HttpEntity;
import akka.http.javadsl.model.HttpResponse;
import akka.stream.javadsl.Source;
import akka.util.ByteString;
import io.tidewheel.dispatch.SameThread;
import io.tidewheel.feedback.Feedback;
import io.tidewheel.message.EnumNames;
import io.tidewheel.subscription.Delivery;
import io.tidewheel.subscription.Receipt;
import io.tidewheel.subscription.ReceiptCodec;
import io.tidewheel.subscription.SettleAction;
import io.tidewheel.subscription.SettleStatus;
import io.tidewheel.worker.Consumer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicInteger;

/** Pulling deliveries and settling them. */
final class ConsumeRoutes {
  private static final int MAX_BODY_BYTES = 1 << 20;

  /** Answers up to this size are handed to the connection at once, larger ones piece by piece. */
  private static final int PIECE_BYTES = 64 << 10;

  private final Consumer consumer;
  private final Feedback feedback;
  private final Lookup lookup;
  private final ReceiptCodec receipts;
  private final DeliveryWriter writer;

  ConsumeRoutes(Broker broker, Lookup lookup) {
    this.consumer = broker.consumer();
    this.feedback = broker.feedback();
    this.lookup = lookup;
    this.receipts = broker.receipts();
    this.writer = new DeliveryWriter(receipts);
  }

  CompletionStage<Answer> pull(Call call, Connection connection) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              boolean isRaw = JsonTypes.isRawWanted(call.headers().values("accept"));
              Consumer.PullRequest request = PullBody.read(body, isRaw);
              return find(call)
                  .thenCompose(
                      found ->
                          consumer
                              .pull(found.topic(), found.subscription(), request)
                              .thenApply(
                                  deliveries -> answer(found, deliveries, isRaw, connection)));
            });
  }

  private Answer answer(
      Lookup.Found found, List<Delivery> deliveries, boolean isRaw, Connection connection) {
    if (deliveries.isEmpty()) {
      return Answer.of(
          isRaw ? Responses.noContent() : Responses.json(200, writer.write(deliveries)));
    }
    Handover handover =
        new Handover(() -> consumer.release(found.topic(), found.subscription(), deliveries));
    try {
      HttpResponse whole =
          isRaw
              ? RawDelivery.response(deliveries.get(0), receipts)
              : Responses.json(200, writer.write(deliveries));
      return whole.entity() instanceof HttpEntity.Strict strict
              && strict.getData().size() > PIECE_BYTES
          ? new Answer(streamed(whole, strict, handover, connection), handover, true)
          : new Answer(whole, handover, false);
    } catch (RuntimeException e) {
      handover.failed();
      throw e;
    }
  }

  /** Deliveries count as handed over when the connection has taken the last piece. */
  static HttpResponse streamed(
      HttpResponse whole, HttpEntity.Strict entity, Handover handover, Connection connection) {
    ByteString bytes = entity.getData();
    int length = bytes.size();
    List<ByteString> pieces = new ArrayList<>(length / PIECE_BYTES + 1);
    for (int from = 0; from < length; from += PIECE_BYTES) {
      pieces.add(bytes.slice(from, Math.min(length, from + PIECE_BYTES)));
    }
    AtomicInteger left = new AtomicInteger(pieces.size());
    Source<ByteString, NotUsed> source =
        Source.from(pieces)
            .map(
                piece -> {
                  left.decrementAndGet();
                  return piece;
                })
            .watchTermination(
                (notUsed, done) -> {
                  SameThread.of(done)
                      .whenComplete(
                          (end, failure) -> {
                            // A connection that breaks may just want no more: that is no failure
                            // here.
                            if (failure == null && left.get() == 0) {
                              handover.handedOver();
                            } else {
                              handover.failed();
                            }
                            connection.decided(handover);
                          });
                  return notUsed;
                });
    return whole.withEntity(HttpEntities.create(entity.getContentType(), length, source));
  }

  CompletionStage<Answer> settle(Call call) {
    return call.jsonBody(MAX_BODY_BYTES)
        .thenCompose(
            body -> {
              SettleBody.Settlement settlement = SettleBody.read(call.route(), body);
              call.limitTime(settlement.timeLimit());
              return find(call).thenCompose(found -> settle(call, found, settlement));
            });
  }

  private CompletionStage<Answer> settle(
      Call call, Lookup.Found found, SettleBody.Settlement settlement) {
    List<String> texts = settlement.receipts();
    List<Receipt> valid = new ArrayList<>(texts.size());
    boolean[] isValid = new boolean[texts.size()];
    for (int i = 0; i < isValid.length; i++) {
      Receipt receipt = receipts.decode(texts.get(i));
      if (receipt != null && receipt.subscriptionUid() == found.subscription().uid()) {
        isValid[i] = true;
        valid.add(receipt);
      }
    }
    CompletionStage<List<SettleStatus>> settled =
        valid.isEmpty()
            ? CompletableFuture.completedFuture(List.of())
            : consumer.settle(
                found.topic(), found.subscription(), settlement.action(), valid, call.timeLeft());
    return settled.thenApply(
        statuses -> {
          tellCost(found, settlement, statuses);
          return answer(expected(settlement.action()), texts, isValid, statuses);
        });
  }

  /** What was settled by this call; what it was before has been told before. */
  private void tellCost(
      Lookup.Found found, SettleBody.Settlement settlement, List<SettleStatus> statuses) {
    SettleStatus expected = expected(settlement.action());
    int count = (int) statuses.stream().filter(status -> status == expected).count();
    if (!settlement.cost().isEmpty() && count > 0) {
      feedback.cost(found.topic().uid(), found.subscription().uid(), settlement.cost(), count);
    }
  }

  private static Answer answer(
      SettleStatus expected, List<String> texts, boolean[] isValid, List<SettleStatus> statuses) {
    JsonBytes json = new JsonBytes(32 + 160 * texts.size());
    json.literal("{\"results\":[");
    boolean isWhole = true;
    int next = 0;
    for (int i = 0; i < isValid.length; i++) {
      SettleStatus status = isValid[i] ? statuses.get(next++) : SettleStatus.INVALID;
      isWhole &= status == expected;
      json.literal(i == 0 ? "{\"receipt\":" : ",{\"receipt\":").string(texts.get(i));
      json.literal(",\"status\":\"").literal(EnumNames.lower(status)).literal("\"}");
    }
    return Answer.of(Responses.json(isWhole ? 200 : 207, json.literal("]}")));
  }

  private static SettleStatus expected(SettleAction action) {
    if (action instanceof SettleAction.Ack) {
      return SettleStatus.ACKED;
    }
    if (action instanceof SettleAction.Nack) {
      return SettleStatus.NACKED;
    }
    if (action instanceof SettleAction.Release) {
      return SettleStatus.RELEASED;
    }
    return action instanceof SettleAction.Reject ? SettleStatus.REJECTED : SettleStatus.EXTENDED;
  }

  private CompletionStage<Lookup.Found> find(Call call) {
    return lookup
        .subscription(call)
        .thenApply(
            found -> {
              if (found.subscription().isBuiltIn()) {
                throw Problem.of(
                        ProblemType.CONFLICT,
                        "this subscription belongs to the broker: it keeps dead letters until they"
                            + " are redriven")
                    .toException();
              }
              return found;
            });
  }
}
