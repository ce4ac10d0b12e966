#include "sim/flooder.hpp"

#include "core/crypto/sha256.hpp"

namespace cairn::sim {

Flooder::Flooder(Scheduler& scheduler, Network& network, const net::NodeAddress& address,
                 const net::NodeAddress& target, SharedBytes frame)
    : scheduler_{scheduler},
      network_{network},
      id_{network.add(*this, address)},
      target_{target},
      frame_{std::move(frame)} {}

net::Hello Flooder::hello() const {
    net::Hello hello;
    hello.key.bytes =
        sha256(as_bytes(network_.address(id_).to_string() + std::to_string(thrown_out_))).bytes;
    hello.agent = "flooder";
    hello.height = 1'000'000;
    hello.work = U256{1} << 200;
    return hello;
}

void Flooder::fill(ConnectionId connection) {
    while (network_.queued(connection, id_) < 4 * frame_->size()) {
        if (!network_.send(connection, id_, frame_)) return;
        ++sent_;
    }
}

void Flooder::on_open(ConnectionId connection, const net::Hello&) { fill(connection); }

void Flooder::on_frame(ConnectionId connection, const SharedBytes&) { fill(connection); }

void Flooder::on_dial_failed(const net::NodeAddress&, const std::string&, net::DialFault) {
    scheduler_.after(kSecond, [this] { begin(); });
}

void Flooder::on_close(ConnectionId, const std::string&) {
    ++thrown_out_;
    scheduler_.after(kSecond, [this] { begin(); });
}

}  // namespace cairn::sim
