package io.offcut.scheduler.internal.http;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ErrorBody;
import io.offcut.scheduler.internal.Json;
import io.offcut.scheduler.internal.Metrics;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds the route of a request, checks who sent it, runs the route and writes its answer. Whatever
 * goes wrong becomes a status and an {@link ErrorBody}; only defects are logged with a trace.
 */
final class Router extends Handler.Abstract {
    private static final Logger LOG = LoggerFactory.getLogger(Router.class);
    private static final int METHOD_NOT_ALLOWED = 405;
    private static final long MAX_DISCARDED_BYTES = 512L << 20;
    private static final String UNMATCHED = "unmatched";

    private final List<Route> routes;
    private final Access access;
    private final Metrics metrics;
    private final Executor answers;

    Router(List<Route> routes, Access access, Metrics metrics, Executor answers) {
        this.routes = routes;
        this.access = access;
        this.metrics = metrics;
        this.answers = answers;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        // A long poll is silent on purpose; its own deadline ends it.
        request.addIdleTimeoutListener(timeout -> false);
        long startNanos = System.nanoTime();
        String path = Optional.ofNullable(request.getHttpURI().getDecodedPath()).orElse("/");
        for (Route route : routes) {
            if (route.method().equals(request.getMethod())) {
                Optional<Map<String, String>> parameters = route.match(path);
                if (parameters.isPresent()) {
                    Finish finish =
                            new Finish(request, response, callback, route.template(), startNanos);
                    run(route, parameters.get(), finish);
                    return true;
                }
            }
        }
        Finish finish = new Finish(request, response, callback, UNMATCHED, startNanos);
        finish.send(unmatched(request.getMethod(), path));
        return true;
    }

    private Reply unmatched(String method, String path) {
        String allowed =
                routes.stream()
                        .filter(route -> route.match(path).isPresent())
                        .map(Route::method)
                        .distinct()
                        .collect(Collectors.joining(", "));
        if (allowed.isEmpty()) {
            return refusal(
                    new OffcutException(
                            ErrorCode.NOT_FOUND,
                            "there is nothing at "
                                    + Json.printable(path)
                                    + "; see /v1/openapi.json"));
        }
        ErrorBody body =
                new ErrorBody(
                        ErrorCode.USAGE,
                        "method "
                                + Json.printable(method)
                                + " is not possible here; use "
                                + allowed);
        return new Reply.Body(
                METHOD_NOT_ALLOWED,
                "application/json",
                Json.bytes(body),
                Map.of(HttpHeader.ALLOW.asString(), allowed));
    }

    private void run(Route route, Map<String, String> parameters, Finish finish) {
        try {
            Principal principal = access.require(route.access(), finish.request());
            CompletionStage<Reply> reply =
                    route.action()
                            .run(
                                    new Exchange(
                                            finish.request(),
                                            finish.response(),
                                            finish.callback(),
                                            principal,
                                            parameters));
            reply.whenComplete((answer, failure) -> answer(finish, answer, failure));
        } catch (Exception e) {
            Reply refusal = refusal(e);
            if (!(e.getCause() instanceof IOException)) {
                discardBody(finish.request());
            }
            finish.send(refusal);
        }
    }

    /** On the thread that has the answer where that may wait, as a virtual one may. */
    private void answer(Finish finish, Reply answer, @Nullable Throwable failure) {
        Runnable send = () -> finish.send(failure == null ? answer : refusal(failure));
        if (Thread.currentThread().isVirtual()) {
            send.run();
        } else {
            answers.execute(send);
        }
    }

    /** A client that is still sending would not see the refusal: let it finish, within bounds. */
    private static void discardBody(Request request) {
        if (request.getLength() == 0 || request.getHeaders().contains(HttpHeader.EXPECT)) {
            return;
        }
        try {
            InputStream in = Request.asInputStream(request);
            in.skip(MAX_DISCARDED_BYTES);
        } catch (IOException | RuntimeException e) {
            LOG.debug("the rest of a refused body did not arrive: {}", e.toString());
        }
    }

    private static Reply refusal(Throwable failure) {
        Throwable cause = failure;
        while (cause instanceof CompletionException && cause.getCause() != null) {
            cause = cause.getCause();
        }
        if (cause instanceof OffcutException known) {
            return Reply.json(
                    known.code().httpStatus(), new ErrorBody(known.code(), known.getMessage()));
        }
        if (cause instanceof HttpException said) {
            return libraryRefusal(said.getCode(), said.getReason());
        }
        LOG.error("a request failed", cause);
        return Reply.json(
                ErrorCode.INTERNAL.httpStatus(),
                new ErrorBody(
                        ErrorCode.INTERNAL,
                        "the scheduler failed on this request; its log says why"));
    }

    /** Writes one answer and measures it. */
    private final class Finish {
        private final Request request;
        private final Response response;
        private final Callback callback;
        private final String route;
        private final long startNanos;

        Finish(
                Request request,
                Response response,
                Callback callback,
                String route,
                long startNanos) {
            this.request = request;
            this.response = response;
            this.callback = callback;
            this.route = route;
            this.startNanos = startNanos;
        }

        Request request() {
            return request;
        }

        Response response() {
            return response;
        }

        Callback callback() {
            return callback;
        }

        void send(Reply reply) {
            switch (reply) {
                case Reply.Body body -> send(body);
                case Reply.Content content -> send(content);
                case Reply.Taken taken -> {}
            }
        }

        private void send(Reply.Body body) {
            measure(body.status());
            head(body.status(), body.contentType(), body.bytes().length);
            body.headers().forEach(response.getHeaders()::put);
            if (body.status() == ErrorCode.UNAUTHORIZED.httpStatus()) {
                response.getHeaders().put(HttpHeader.WWW_AUTHENTICATE, "Bearer");
            }
            response.write(true, ByteBuffer.wrap(body.bytes()), callback);
        }

        private void send(Reply.Content content) {
            measure(200);
            try {
                head(200, content.contentType(), Files.size(content.file()));
                try (OutputStream out = Content.Sink.asOutputStream(response)) {
                    Files.copy(content.file(), out);
                }
                callback.succeeded();
            } catch (IOException e) {
                callback.failed(e);
            }
        }

        private void head(int status, String contentType, long bytes) {
            response.setStatus(status);
            response.getHeaders().put(HttpHeader.CONTENT_TYPE, contentType);
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes);
            response.getHeaders().put(HttpHeader.CACHE_CONTROL, "no-store");
            response.getHeaders().put("X-Content-Type-Options", "nosniff");
        }

        private void measure(int status) {
            String query = request.getHttpURI().getQuery();
            if (query == null || !query.contains("waitMillis=")) {
                String method = route.equals(UNMATCHED) ? "any" : request.getMethod();
                metrics.answered(method, route, status, System.nanoTime() - startNanos);
            }
        }
    }

    /** The form that even an answer of the server library itself must have. */
    static Reply.Body libraryRefusal(int status, @Nullable String said) {
        ErrorCode code =
                switch (status) {
                    case 413, 414, 431 -> ErrorCode.TOO_LARGE;
                    case 404 -> ErrorCode.NOT_FOUND;
                    case 426 -> ErrorCode.WRONG_VERSION;
                    case 503 -> ErrorCode.UNREACHABLE;
                    default -> status < 500 ? ErrorCode.INVALID_INPUT : ErrorCode.INTERNAL;
                };
        String message =
                "the request cannot be taken (HTTP "
                        + status
                        + ")"
                        + (said == null || status >= 500 ? "" : ": " + Json.printable(said));
        return Reply.json(status, new ErrorBody(code, message));
    }
}
