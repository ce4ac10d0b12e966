#include "net/relay/relay.hpp"
#include "net/sync/sync.hpp"

namespace cairn::net {

struct Relay::State {};
Relay::Relay() = default;
Relay::~Relay() = default;
void Relay::on_open(PeerId, bool, Now, Actions&) {}
void Relay::on_close(PeerId, Chain, Now, Actions&) {}
void Relay::set_active(PeerId, bool, Now, Actions&) {}
void Relay::on_inv(PeerId, const Inv&, Chain, Now, Actions&) {}
void Relay::on_transfer(PeerId, const TransferBody&, Chain, Now, Actions&) {}
void Relay::on_not_found(PeerId, const Txid&, Chain, Now, Actions&) {}
void Relay::on_verdict(PeerId, const Txid&, const std::optional<Rejection>&, Chain, Now, Actions&) {
}
void Relay::announce(const std::vector<Txid>&, Now, Actions&) {}
void Relay::on_tip(Now) {}
void Relay::on_tick(Chain, Now, Actions&) {}
bool Relay::idle(PeerId) const { return true; }

struct Sync::State {};
Sync::Sync() = default;
Sync::~Sync() = default;
void Sync::on_open(PeerId, const Hello&, bool, Chain, Now, Actions&) {}
void Sync::on_close(PeerId, Chain, Now, Actions&) {}
void Sync::set_active(PeerId, bool, Chain, Now, Actions&) {}
void Sync::on_headers(PeerId, const Headers&, Chain, Now, Actions&) {}
void Sync::on_offered(PeerId, const Result<void, Rejection>&, Chain, Now, Actions&) {}
void Sync::on_block(PeerId, const BlockBody&, Chain, Now, Actions&) {}
void Sync::on_not_found(PeerId, const BlockHash&, Chain, Now, Actions&) {}
void Sync::on_verdict(PeerId, const BlockHash&, const std::optional<Rejection>&, Chain, Now,
                      Actions&) {}
void Sync::on_tip(const TipChange&, bool, Chain, Now, Actions&) {}
void Sync::on_tick(Chain, Now, Actions&) {}
Sync::Progress Sync::progress(PeerId, Chain) const { return Progress::done; }
std::optional<std::pair<BlockHash, Height>> Sync::best_of(PeerId) const { return std::nullopt; }
bool Sync::syncing() const { return false; }

}  // namespace cairn::net
