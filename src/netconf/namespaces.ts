/** XML namespaces of NETCONF's own elements. */

/** RFC 6241: messages, protocol operations, errors. */
export const BASE = 'urn:ietf:params:xml:ns:netconf:base:1.0';
/** RFC 5277: `create-subscription` and the `notification` envelope. */
export const NOTIFICATION = 'urn:ietf:params:xml:ns:netconf:notification:1.0';
/** RFC 6243: the `with-defaults` parameter. */
export const WITH_DEFAULTS = 'urn:ietf:params:xml:ns:yang:ietf-netconf-with-defaults';
/** RFC 7950 §7.15.2: the `action` element. */
export const YANG = 'urn:ietf:params:xml:ns:yang:1';
