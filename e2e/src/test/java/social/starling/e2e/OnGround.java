package social.starling.e2e;

import java.lang.reflect.Method;
import java.util.Optional;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Gives all cases the one ground, made for the first and taken away after the last; tells which
 * case begins; writes down how things were when one fails.
 */
final class OnGround
    implements ParameterResolver,
        BeforeEachCallback,
        AfterTestExecutionCallback,
        InvocationInterceptor {

  private static final ExtensionContext.Namespace NAMESPACE =
      ExtensionContext.Namespace.create(OnGround.class);

  /** The ground, or why there is none. */
  private record Made(Ground ground, Throwable failure) implements AutoCloseable {

    static Made make() {
      try {
        return new Made(Ground.make(), null);
      } catch (RuntimeException | Error e) {
        return new Made(null, e);
      }
    }

    Ground get() {
      if (ground == null) {
        throw new IllegalStateException("there is no ground to stand on", failure);
      }
      return ground;
    }

    @Override
    public void close() {
      if (ground != null) {
        ground.close();
      }
    }
  }

  private static Ground ground(ExtensionContext context) {
    return context
        .getRoot()
        .getStore(NAMESPACE)
        .computeIfAbsent(Made.class, _ -> Made.make(), Made.class)
        .get();
  }

  @Override
  public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
    return parameter.getParameter().getType() == Ground.class;
  }

  @Override
  public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
    return ground(context);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    ground(context).story().title(name(context));
  }

  @Override
  public void afterTestExecution(ExtensionContext context) {
    context
        .getExecutionException()
        .ifPresent(failure -> {
          ground(context).story().tell("FAILED: %s", failure.getMessage());
          Diagnostics.write(ground(context), name(context));
        });
  }

  @Override
  public void interceptAfterAllMethod(
      Invocation<Void> invocation,
      ReflectiveInvocationContext<Method> method,
      ExtensionContext context)
      throws Throwable {
    Ground ground = ground(context);
    ground.story().title(context.getDisplayName() + ": what clients did and saw");
    try {
      invocation.proceed();
    } catch (Throwable failure) {
      ground.story().tell("FAILED: %s", failure.getMessage());
      Diagnostics.write(ground, context.getDisplayName() + " at the end");
      throw failure;
    }
  }

  private static String name(ExtensionContext context) {
    String method = context.getTestMethod().map(Method::getName).orElse("");
    String display = context.getDisplayName();
    String type = Optional.ofNullable(context.getRequiredTestClass().getSimpleName()).orElse("");
    return display.startsWith(method) ? type + ": " + method : type + ": " + method + " " + display;
  }
}
