package io.offcut.scheduler.internal.http;

import io.offcut.core.OffcutException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/** Gives what the server library refuses by itself the same JSON body as everything else. */
final class Failures extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Object said = request.getAttribute(ERROR_MESSAGE);
        Object cause = request.getAttribute(ERROR_EXCEPTION);
        String message = cause instanceof OffcutException known ? known.getMessage() : text(said);
        Reply.Body body = Router.libraryRefusal(response.getStatus(), message);
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, body.contentType());
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.bytes().length);
        response.write(true, ByteBuffer.wrap(body.bytes()), callback);
        return true;
    }

    private static @Nullable String text(@Nullable Object said) {
        return said == null ? null : said.toString();
    }
}
