package io.tidewheel.http;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

/** Looking at long work, and stopping it. */
final class OperationRoutes {
  private final Operations operations;

  OperationRoutes(Operations operations) {
    this.operations = operations;
  }

  CompletionStage<Answer> list() {
    ObjectNode body = Json.newObject();
    ArrayNode list = body.putArray("operations");
    operations.all().forEach(operation -> list.add(operation.toJson()));
    return done(body);
  }

  CompletionStage<Answer> get(Call call) {
    return done(find(call).toJson());
  }

  CompletionStage<Answer> cancel(Call call) {
    Operation operation = find(call);
    operation.cancel();
    return done(operation.toJson());
  }

  private Operation find(Call call) {
    Operation operation = operations.find(call.operation());
    if (operation == null) {
      String node = operations.otherNode(call.operation());
      throw Problem.of(
              ProblemType.OPERATION_NOT_FOUND,
              "this node runs no operation "
                  + Problem.quote(call.operation())
                  + (node == null
                      ? ", or has forgotten it"
                      : "; ask the node " + Problem.quote(node))
                  + "; what it did is to be seen at its target")
          .toException();
    }
    return operation;
  }

  private static CompletionStage<Answer> done(ObjectNode body) {
    return CompletableFuture.completedFuture(Answer.of(Responses.json(200, body)));
  }
}
