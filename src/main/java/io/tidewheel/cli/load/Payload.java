package io.tidewheel.cli.load;

import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;

/**
 * The payload of every message: a JSON text with the name of the run, the time at which it should
 * have been sent, and letters that do not compress well.
 */
final class Payload {
  static final int TIME_DIGITS = 19;
  private static final String LETTERS =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-";

  private Payload() {}

  static RequestTemplate.Builder template(LoadPlan plan) {
    RequestTemplate.Builder payload = new RequestTemplate.Builder();
    if (plan.payloadBytes() < 2) {
      return payload.text("0".repeat(plan.payloadBytes()));
    }
    payload.text("\"");
    if (plan.payloadBytes() >= LoadPlan.MIN_STAMPED_BYTES) {
      payload.text("tw" + plan.runName() + ' ');
      payload.number(RequestTemplate.Field.SENT_AT, TIME_DIGITS).text(" ");
    }
    SplittableRandom random = new SplittableRandom(plan.seed());
    StringBuilder filler = new StringBuilder();
    while (payload.size() + filler.length() < plan.payloadBytes() - 1) {
      filler.append(LETTERS.charAt(random.nextInt(LETTERS.length())));
    }
    return payload.text(filler.append('"').toString());
  }

  /** What stands in front of the time in a payload of this run. */
  static byte[] mark(LoadPlan plan) {
    return ("\"tw" + plan.runName() + ' ').getBytes(StandardCharsets.US_ASCII);
  }
}
