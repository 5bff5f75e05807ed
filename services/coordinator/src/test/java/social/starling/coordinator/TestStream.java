package social.starling.coordinator;

import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayList;
import java.util.List;

/** A stream whose peer reads as it is told. */
final class TestStream<T> extends ServerCallStreamObserver<T> {

  final List<T> sent = new ArrayList<>();
  boolean reads = true;
  boolean cancelled;
  boolean completed;
  Throwable error;
  private Runnable onReady;

  /** The peer reads again. */
  void read() {
    reads = true;
    onReady.run();
  }

  Status.Code code() {
    return error == null ? Status.Code.OK : Status.fromThrowable(error).getCode();
  }

  @Override
  public boolean isReady() {
    return reads;
  }

  @Override
  public boolean isCancelled() {
    return cancelled;
  }

  @Override
  public void onNext(T value) {
    sent.add(value);
  }

  @Override
  public void onError(Throwable failure) {
    error = failure;
  }

  @Override
  public void onCompleted() {
    completed = true;
  }

  @Override
  public void setOnReadyHandler(Runnable handler) {
    onReady = handler;
  }

  @Override
  public void setOnCancelHandler(Runnable handler) {}

  @Override
  public void setCompression(String compression) {}

  @Override
  public void disableAutoInboundFlowControl() {}

  @Override
  public void request(int count) {}

  @Override
  public void setMessageCompression(boolean enable) {}
}
