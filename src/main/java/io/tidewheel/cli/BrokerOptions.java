package io.tidewheel.cli;

import java.net.URI;
import java.net.URISyntaxException;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Options of every command that talks to a running broker. */
final class BrokerOptions {
  @Option(
      names = "--url",
      paramLabel = "URL",
      defaultValue = "${env:TIDEWHEEL_URL:-http://127.0.0.1:8080}",
      description = "Where the broker is (or TIDEWHEEL_URL); ${DEFAULT-VALUE}.")
  String url = "";

  @Mixin private final OutputOption output = new OutputOption();

  boolean isJson() {
    return output.isJson();
  }

  BrokerConnection connect() {
    try {
      URI broker = new URI(url.endsWith("/") ? url.substring(0, url.length() - 1) : url);
      boolean isHttp = "http".equals(broker.getScheme()) || "https".equals(broker.getScheme());
      if (isHttp && broker.getHost() != null && broker.getRawPath().isEmpty()) {
        return new BrokerConnection(broker);
      }
    } catch (URISyntaxException e) {
      throw new CommandFailure(ExitCodes.USAGE, notAnAddress(), e);
    }
    throw new CommandFailure(ExitCodes.USAGE, notAnAddress());
  }

  private String notAnAddress() {
    return "--url " + url + ": expected an address such as http://127.0.0.1:8080";
  }
}
