/**
 * Stands in the bundle for packages that dockerode loads and that nothing here uses: ssh2 (engines over SSH, whose host
 * keys it does not check; its native parts cannot be bundled), and gRPC with protobuf (builds of images).
 */
export {};
