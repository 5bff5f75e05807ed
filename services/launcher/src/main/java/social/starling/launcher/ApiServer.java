package social.starling.launcher;

import com.google.gson.JsonObject;
import java.util.Optional;
import social.starling.common.StartException;

/**
 * The API server of a Kubernetes cluster, by paths such as {@code /api/v1/namespaces/x/pods}. Each
 * throws a {@link StartException} with a sentence when it does not answer, or refuses.
 */
interface ApiServer {

  /** What is there, mostly JSON; empty when nothing is. */
  Optional<String> get(String path) throws InterruptedException;

  /** Makes an object in the collection. */
  void create(String path, JsonObject object) throws InterruptedException;

  /** Deletes an object; no effect when it is not there. */
  void delete(String path) throws InterruptedException;

  /**
   * Deletes an object if it is still as it was read; no effect when it is not there.
   *
   * @param asRead the object, with its {@code uid} and {@code resourceVersion}
   * @return false when it has changed since, or is another one of the same name; then it stays
   */
  boolean deleteUnchanged(String path, JsonObject asRead) throws InterruptedException;
}
