/*
 * rdma-core's libraries, loaded when the first worker is to be reached by RDMA and not before: a
 * program that uses this library runs where they are not (docs/decisions/0015).
 *
 * What is inline in their headers (post_send, post_recv, poll_cq, req_notify_cq) goes through the
 * device itself and needs no library.
 */
#ifndef OC_RDMA_H
#define OC_RDMA_H

#ifdef OC_WITH_VERBS

#include <infiniband/verbs.h>
#include <rdma/rdma_cma.h>

/* Their functions that are called here. */
#define OC_VERBS_CALLS(X) \
    X(ibv_alloc_pd) X(ibv_dealloc_pd) X(ibv_reg_mr) X(ibv_dereg_mr) \
    X(ibv_create_comp_channel) X(ibv_destroy_comp_channel) X(ibv_create_cq) X(ibv_destroy_cq) \
    X(ibv_get_cq_event) X(ibv_ack_cq_events)
#define OC_CM_CALLS(X) \
    X(rdma_create_event_channel) X(rdma_destroy_event_channel) X(rdma_create_id) X(rdma_destroy_id) \
    X(rdma_resolve_addr) X(rdma_resolve_route) X(rdma_create_qp) X(rdma_destroy_qp) \
    X(rdma_connect) X(rdma_disconnect) X(rdma_get_cm_event) X(rdma_ack_cm_event)

#define OC_RDMA_MEMBER(name) __typeof__(name) *name##_;
typedef struct oc_rdma {
    OC_VERBS_CALLS(OC_RDMA_MEMBER)
    OC_CM_CALLS(OC_RDMA_MEMBER)
} oc_rdma;

/* Loads them, the first time. NULL when this machine has not got them. Any thread. */
const oc_rdma *oc_rdma_load(void);

#endif

/*
 * Why this process cannot use RDMA, as the middle of a sentence with what to do; NULL when it can.
 * Where there is no device nothing is loaded. Static. Any thread.
 */
const char *oc_rdma_problem(void);

#endif
