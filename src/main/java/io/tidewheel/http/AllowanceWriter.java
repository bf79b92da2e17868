package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.tidewheel.feedback.Allowances.Allowed;
import io.tidewheel.message.EnumNames;

/** Writes {@code allowance}: its rate and reason. */
final class AllowanceWriter {
  private AllowanceWriter() {}

  static void write(ObjectNode parent, Allowed allowed) {
    ObjectNode node = parent.putObject("allowance");
    if (allowed.rate() == Double.POSITIVE_INFINITY) {
      node.putNull("rate");
    } else {
      node.put("rate", Math.round(allowed.rate() * 1_000) / 1_000.0);
    }
    node.put("reason", EnumNames.dashed(allowed.reason()));
  }
}
