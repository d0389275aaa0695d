package io.offcut.executor.internal.rdma;

import io.offcut.core.ErrorCode;
import io.offcut.core.OffcutException;
import io.offcut.linux.CFunction;
import io.offcut.linux.SharedLibrary;
import java.io.IOException;

/**
 * The functions of libibverbs and librdmacm (rdma-core) that we call. Loaded when first asked for.
 * Those that post and poll are not here: a device's context leads to them.
 */
final class RdmaLibraries {
    /** Initialised by the first who asks. */
    private static final class Loaded {
        static final RdmaLibraries ALL = new RdmaLibraries();
    }

    final CFunction getDeviceList;
    final CFunction freeDeviceList;
    final CFunction getDeviceName;
    final CFunction openDevice;
    final CFunction closeDevice;
    final CFunction queryDevice;
    final CFunction allocPd;
    final CFunction deallocPd;
    final CFunction regMr;
    final CFunction deregMr;
    final CFunction createCompChannel;
    final CFunction destroyCompChannel;
    final CFunction createCq;
    final CFunction destroyCq;
    final CFunction getCqEvent;
    final CFunction ackCqEvents;
    final CFunction createQp;
    final CFunction modifyQp;
    final CFunction destroyQp;

    final CFunction cmCreateEventChannel;
    final CFunction cmDestroyEventChannel;
    final CFunction cmCreateId;
    final CFunction cmDestroyId;
    final CFunction cmBindAddr;
    final CFunction cmListen;
    final CFunction cmResolveAddr;
    final CFunction cmResolveRoute;
    final CFunction cmCreateQp;
    final CFunction cmDestroyQp;
    final CFunction cmConnect;
    final CFunction cmAccept;
    final CFunction cmReject;
    final CFunction cmDisconnect;
    final CFunction cmGetEvent;
    final CFunction cmAckEvent;
    final CFunction cmDestroyEp;
    final CFunction cmGetAddrInfo;
    final CFunction cmFreeAddrInfo;

    private RdmaLibraries() {
        SharedLibrary verbs = SharedLibrary.load("libibverbs.so.1");
        getDeviceList = verbs.function("ibv_get_device_list");
        freeDeviceList = verbs.function("ibv_free_device_list");
        getDeviceName = verbs.function("ibv_get_device_name");
        openDevice = verbs.function("ibv_open_device");
        closeDevice = verbs.function("ibv_close_device");
        queryDevice = verbs.function("ibv_query_device");
        allocPd = verbs.function("ibv_alloc_pd");
        deallocPd = verbs.function("ibv_dealloc_pd");
        regMr = verbs.function("ibv_reg_mr");
        deregMr = verbs.function("ibv_dereg_mr");
        createCompChannel = verbs.function("ibv_create_comp_channel");
        destroyCompChannel = verbs.function("ibv_destroy_comp_channel");
        createCq = verbs.function("ibv_create_cq");
        destroyCq = verbs.function("ibv_destroy_cq");
        getCqEvent = verbs.function("ibv_get_cq_event");
        ackCqEvents = verbs.function("ibv_ack_cq_events");
        createQp = verbs.function("ibv_create_qp");
        modifyQp = verbs.function("ibv_modify_qp");
        destroyQp = verbs.function("ibv_destroy_qp");
        SharedLibrary cm = SharedLibrary.load("librdmacm.so.1");
        cmCreateEventChannel = cm.function("rdma_create_event_channel");
        cmDestroyEventChannel = cm.function("rdma_destroy_event_channel");
        cmCreateId = cm.function("rdma_create_id");
        cmDestroyId = cm.function("rdma_destroy_id");
        cmBindAddr = cm.function("rdma_bind_addr");
        cmListen = cm.function("rdma_listen");
        cmResolveAddr = cm.function("rdma_resolve_addr");
        cmResolveRoute = cm.function("rdma_resolve_route");
        cmCreateQp = cm.function("rdma_create_qp");
        cmDestroyQp = cm.function("rdma_destroy_qp");
        cmConnect = cm.function("rdma_connect");
        cmAccept = cm.function("rdma_accept");
        cmReject = cm.function("rdma_reject");
        cmDisconnect = cm.function("rdma_disconnect");
        cmGetEvent = cm.function("rdma_get_cm_event");
        cmAckEvent = cm.function("rdma_ack_cm_event");
        cmDestroyEp = cm.function("rdma_destroy_ep");
        cmGetAddrInfo = cm.function("rdma_getaddrinfo");
        cmFreeAddrInfo = cm.function("rdma_freeaddrinfo");
    }

    /**
     * Loads them, the first time.
     *
     * @throws OffcutException {@code NOT_FOUND} if this machine has not got them
     */
    static RdmaLibraries get() {
        try {
            return Loaded.ALL;
        } catch (ExceptionInInitializerError | NoClassDefFoundError e) {
            throw new OffcutException(
                    ErrorCode.NOT_FOUND,
                    "this machine has an incomplete rdma-core ("
                            + (e.getCause() == null ? e.getMessage() : e.getCause().getMessage())
                            + "); install libibverbs1, ibverbs-providers and librdmacm1",
                    e);
        }
    }

    /** The failure of the call that the thread made last. */
    static IOException failed(String what) {
        return failed(what, CFunction.errno());
    }

    static IOException failed(String what, int errno) {
        return new IOException(what + " failed: " + CFunction.text(errno));
    }
}
