package io.offcut.executor.internal.verbs;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.core.api.ChannelDescriptor;
import io.offcut.core.frame.InvocationFrame;
import io.offcut.core.frame.InvocationStatus;
import io.offcut.executor.internal.SlotBook;
import java.io.IOException;
import java.util.concurrent.locks.LockSupport;

/**
 * A connection to a worker by RDMA.
 *
 * @param route the way there, which the caller closes
 * @param link what it is used by
 * @param worker what the worker said of itself
 */
record VerbsDial(VerbsRoute route, VerbsLink link, VerbsHello.Reply worker) {
    private static final long RETRY_NANOS = 20_000_000;

    /** Connects, in bounded time. While the worker has another client it tries again. */
    static VerbsDial connect(ChannelDescriptor channel, long timeoutNanos) throws IOException {
        long deadlineNanos = System.nanoTime() + timeoutNanos;
        OffcutException busy = null;
        while (true) {
            VerbsDial dial;
            try {
                dial = ask(channel, deadlineNanos);
            } catch (IOException e) {
                if (busy != null) {
                    // The time was over while it asked once more.
                    throw busy;
                }
                throw e;
            }
            if (dial.worker.status() == 0) {
                return dial;
            }
            dial.route.close();
            busy = refused(channel, dial.worker);
            if (dial.worker.status() != InvocationStatus.BUSY.code()
                    || dial.route.leftNanos() < RETRY_NANOS) {
                throw busy;
            }
            // Its last client may just have gone.
            LockSupport.parkNanos(RETRY_NANOS);
        }
    }

    private static VerbsDial ask(ChannelDescriptor channel, long deadlineNanos) throws IOException {
        VerbsRoute route = VerbsRoute.to(channel, deadlineNanos);
        try {
            VerbsLink link =
                    new VerbsLink(route.id(), route.pd(), channel.slots(), route.descriptor());
            VerbsRoute.Answer answer =
                    route.connect(
                            link,
                            VerbsHello.request(channel.worker(), VerbsSecret.of(channel.secret())));
            return new VerbsDial(route, link, reply(channel, answer));
        } catch (IOException | RuntimeException e) {
            route.close();
            throw e;
        }
    }

    private static VerbsHello.Reply reply(ChannelDescriptor channel, VerbsRoute.Answer answer)
            throws IOException {
        if (!VerbsHello.isReply(answer.data())) {
            throw new IOException(
                    answer.accepted()
                            ? "what answers there is not a worker"
                            : "nobody listens there");
        }
        VerbsHello.Reply reply = VerbsHello.reply(answer.data());
        if (answer.accepted() != (reply.status() == 0)) {
            throw new IOException("what answers there contradicts itself");
        }
        if (answer.accepted()) {
            check(channel, reply);
        }
        return reply;
    }

    private static void check(ChannelDescriptor channel, VerbsHello.Reply reply)
            throws IOException {
        if (reply.slots() < 1
                || reply.slots() > Math.min(SlotBook.MAX_SLOTS, channel.slots())
                || reply.payloadBytes() < 1
                || reply.payloadBytes()
                        > Math.min(InvocationFrame.MAX_PAYLOAD_BYTES, channel.payloadBytes())) {
            throw new IOException(
                    "it offers an impossible "
                            + reply.slots()
                            + " slots of "
                            + reply.payloadBytes());
        }
    }

    private static OffcutException refused(ChannelDescriptor channel, VerbsHello.Reply reply) {
        String who = "worker " + channel.worker() + " at " + channel.host() + ":" + channel.port();
        if (reply.status() == VerbsHello.UNAUTHORIZED) {
            return new OffcutException(
                    ErrorCode.UNAUTHORIZED,
                    who + " does not accept the secret; open the lease again");
        }
        if (reply.status() == VerbsHello.NO_SUCH_WORKER) {
            return new OffcutException(
                    ErrorCode.NOT_FOUND, "there is no " + who + "; open the lease again");
        }
        return switch (InvocationStatus.of(reply.status())) {
            case WRONG_VERSION ->
                    new OffcutException(
                            ErrorCode.WRONG_VERSION,
                            who
                                    + " speaks frame version "
                                    + reply.version()
                                    + ", this client "
                                    + InvocationFrame.VERSION
                                    + "; use the same release on both sides");
            case BUSY ->
                    new OffcutException(
                            ErrorCode.CONFLICT, who + " has another client; lease one of your own");
            default ->
                    new OffcutException(
                            ErrorCode.CONFLICT,
                            who
                                    + " refused the connection: "
                                    + InvocationStatus.of(reply.status())
                                    + "; ask for a new lease");
        };
    }
}
