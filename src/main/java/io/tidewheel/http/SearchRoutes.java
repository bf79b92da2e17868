package io.tidewheel.http;

import io.tidewheel.catalog.Topic;
import io.tidewheel.message.KeyHash;
import io.tidewheel.message.Message;
import io.tidewheel.queue.Browser;
import io.tidewheel.queue.Inspector;
import io.tidewheel.queue.Inspector.QueueStatus;
import io.tidewheel.queue.MessageBatch;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Looks for stored messages by id or key: a scan, bounded in bytes, messages and time. Its answer
 * says what was scanned, and where to go on.
 */
final class SearchRoutes {
  private static final int DEFAULT_MAX = 10;
  private static final int MAX_FOUND = 100;

  /** Payload of one answer; one larger message still comes. */
  private static final long MAX_FOUND_BYTES = 4 << 20;

  /** Messages and reads of one call; a read is about so many bytes. */
  private static final long MAX_SCANNED = 200_000;

  private static final int MAX_READS = 64;
  private static final long READ_BYTES = 1 << 20;

  private final Inspector inspector;
  private final Browser browser;
  private final Lookup lookup;
  private final LongSupplier nanoTime;

  SearchRoutes(Broker broker, Lookup lookup) {
    this.inspector = broker.inspector();
    this.browser = broker.browser();
    this.lookup = lookup;
    this.nanoTime = broker.nanoTime();
  }

  /** What is looked for, stored from {@code fromMillis} on and before {@code toMillis}. */
  private record Wanted(
      @Nullable String id, @Nullable String key, long fromMillis, long toMillis, int max) {

    boolean isMet(Message message, int queue, long offset) {
      boolean isId = id == null || id.equals(Stored.id(message.id(), queue, offset));
      return isId && (key == null || key.equals(message.key()));
    }

    String question() {
      return "search " + fromMillis + ' ' + toMillis + ' ' + id + ' ' + key;
    }

    /**
     * The queues where it may be, the likeliest first: a message lies where its key says, without
     * one where its id says, and without both anywhere.
     */
    List<Integer> queues(int count) {
      String place = key == null ? id : key;
      int first = KeyHash.queueOf(KeyHash.of(place == null ? "" : place), count);
      List<Integer> queues = new ArrayList<>(List.of(first));
      for (int queue = 0; key == null && queue < count; queue++) {
        if (queue != first) {
          queues.add(queue);
        }
      }
      return queues;
    }
  }

  CompletionStage<Answer> search(Call call) {
    Wanted wanted = wanted(call);
    return lookup
        .topic(call)
        .thenCompose(
            topic -> {
              List<Integer> queues = wanted.queues(topic.settings().queues());
              PageToken from =
                  PageToken.parse("next", call.query("next"), wanted.question(), queues.size());
              return TopicRoutes.inspect(inspector, topic, call)
                  .thenCompose(
                      statuses -> {
                        Scan scan = new Scan(call, topic, wanted, queues, statuses);
                        return scan.queue(from.step(), from.offset())
                            .thenApply(next -> Answer.of(Responses.json(200, scan.write(next))));
                      });
            });
  }

  /** What was scanned of a queue: from the first offset up to the second, exclusive. */
  private record Scanned(int queue, long from, long to) {}

  /** One call's part of the search. */
  private final class Scan {
    private final Topic topic;
    private final Wanted wanted;
    private final List<Integer> queues;
    private final List<QueueStatus> statuses;
    private final long deadlineNanos;
    private final List<Stored> hits = new ArrayList<>();
    private final List<Scanned> scanned = new ArrayList<>();
    private long hitBytes;
    private long messageCount;
    private int readCount;

    Scan(Call call, Topic topic, Wanted wanted, List<Integer> queues, List<QueueStatus> statuses) {
      this.topic = topic;
      this.wanted = wanted;
      this.queues = queues;
      this.statuses = statuses;
      this.deadlineNanos = nanoTime.getAsLong() + call.timeLeft().toNanos() / 2;
    }

    /** Scans from a place on; gives where to go on, null when all is scanned. */
    CompletionStage<@Nullable PageToken> queue(int step, long from) {
      if (step == queues.size()) {
        return CompletableFuture.completedFuture(null);
      }
      int queue = queues.get(step);
      QueueStatus status =
          statuses.stream().filter(each -> each.queue() == queue).findFirst().orElse(null);
      if (status == null) {
        throw Problem.of(ProblemType.UNAVAILABLE, "queue " + queue + " does not answer now")
            .toException();
      }
      CompletionStage<Long> start =
          from == 0 && wanted.fromMillis() > 0
              ? browser.firstOffsetSince(topic, queue, wanted.fromMillis())
              : CompletableFuture.completedFuture(from);
      return start.thenCompose(
          offset -> {
            long begin = Math.min(Math.max(offset, status.startOffset()), status.nextOffset());
            return rows(step, begin, begin, status.nextOffset());
          });
    }

    private CompletionStage<@Nullable PageToken> rows(int step, long begin, long from, long end) {
      int queue = queues.get(step);
      if (from >= end) {
        scanned.add(new Scanned(queue, begin, from));
        return queue(step + 1, 0);
      }
      if (isOver()) {
        scanned.add(new Scanned(queue, begin, from));
        return CompletableFuture.completedFuture(new PageToken(wanted.question(), step, from));
      }
      readCount++;
      return browser
          .read(topic, queue, from, end, READ_BYTES)
          .thenCompose(batches -> rows(step, begin, take(queue, from, end, batches), end));
    }

    private boolean isOver() {
      return hits.size() >= wanted.max()
          || hitBytes >= MAX_FOUND_BYTES
          || messageCount >= MAX_SCANNED
          || readCount >= MAX_READS
          || nanoTime.getAsLong() - deadlineNanos >= 0;
    }

    /** Looks through batches; returns the first offset that was not looked at. */
    private long take(int queue, long from, long end, List<MessageBatch> batches) {
      long next = from;
      for (MessageBatch batch : batches) {
        if (batch.atMillis() >= wanted.toMillis()) {
          return end;
        }
        next = Math.max(next, batch.firstOffset());
        long last = Math.min(end, batch.endOffset());
        for (; next < last; next++) {
          if (hits.size() >= wanted.max() || hitBytes >= MAX_FOUND_BYTES) {
            return next;
          }
          Message message = batch.message(next);
          messageCount++;
          if (batch.atMillis() >= wanted.fromMillis() && wanted.isMet(message, queue, next)) {
            hits.add(new Stored(queue, next, batch.atMillis(), message));
            hitBytes += message.payload().length;
          }
        }
      }
      return batches.isEmpty() ? end : next;
    }

    JsonBytes write(@Nullable PageToken next) {
      JsonBytes json = new JsonBytes((int) (512 + hitBytes + 320L * hits.size()));
      json.literal("{\"messages\":[");
      String separator = "{";
      for (Stored hit : hits) {
        json.literal(separator);
        BrowseRoutes.writeFields(json, hit);
        json.literal("}");
        separator = ",{";
      }
      json.literal("],\"scanned\":{\"messages\":").number(messageCount).literal(",\"queues\":[");
      separator = "{\"queue\":";
      for (Scanned each : scanned) {
        json.literal(separator).number(each.queue());
        json.literal(",\"from\":").number(each.from());
        json.literal(",\"to\":").number(each.to()).literal("}");
        separator = ",{\"queue\":";
      }
      json.literal("]}");
      if (next != null) {
        json.literal(",\"next\":").string(next.text());
      }
      return json.literal("}");
    }
  }

  private static Wanted wanted(Call call) {
    String id = call.query("id");
    String key = call.query("key");
    if (id == null && key == null) {
      throw Problem.of(ProblemType.MALFORMED, "id or key must be given").toException();
    }
    MessageFields.checkId("id", id);
    MessageFields.checkKey("key", key);
    long from = call.time("from", 0);
    long to = call.time("to", Long.MAX_VALUE);
    if (from > to) {
      throw Problem.of(ProblemType.NOT_ACCEPTED, "from must not be later than to").toException();
    }
    return new Wanted(id, key, Math.max(0, from), to, call.size("max", DEFAULT_MAX, MAX_FOUND));
  }
}
