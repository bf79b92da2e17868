package io.tidewheel.catalog;

import io.tidewheel.journal.Decision;
import io.tidewheel.message.Names;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The decisions of the core that change nothing, in the words a user reads. */
final class CatalogRefusals {
  private CatalogRefusals() {}

  static Decision<CatalogEvent, CatalogLog.Result> refused(CatalogClient.Reply reply) {
    return Decision.reply(new CatalogLog.Refused(reply));
  }

  static Decision<CatalogEvent, CatalogLog.Result> conflict(String detail) {
    return refused(new CatalogClient.Conflict(detail));
  }

  static Decision<CatalogEvent, CatalogLog.Result> otherRevision(long expected, long actual) {
    return conflict("expected revision " + expected + ", but it is at revision " + actual);
  }

  static Decision<CatalogEvent, CatalogLog.Result> invalidName(String name) {
    String shown = name.length() <= 100 ? name : name.substring(0, 100) + "...";
    String detail =
        name.indexOf('~') >= 0
            ? "~ is reserved for dead-letter topics, which the broker makes: expected "
            : "expected ";
    return refused(
        new CatalogClient.Invalid(
            List.of(
                new CatalogClient.FieldError(
                    "/name", detail + Names.rule() + ", but got \"" + shown + '"'))));
  }

  static Decision<CatalogEvent, CatalogLog.Result> notFound(
      @Nullable Topic topic, String topicName, String subscription) {
    return refused(
        new CatalogClient.NotFound(
            topic == null
                ? "topic " + topicName
                : "subscription " + subscription + " of topic " + topicName));
  }

  static Decision<CatalogEvent, CatalogLog.Result> beingDeleted(Topic topic) {
    return refused(
        new CatalogClient.Unavailable(
            "topic " + topic.name() + " is being deleted, try again when it is gone", false));
  }

  static Decision<CatalogEvent, CatalogLog.Result> beingDeleted(
      Topic topic, Topic.Subscription subscription) {
    return refused(
        new CatalogClient.Unavailable(
            "subscription "
                + subscription.name()
                + " of topic "
                + topic.name()
                + " is being deleted, try again when it is gone",
            false));
  }
}
