#include "net/sync/bodies.hpp"

#include <algorithm>

#include "net/emit.hpp"

namespace cairn::net {
namespace {

std::string seconds(Tick ms) { return std::to_string(ms / 1000) + " s"; }

}  // namespace

bool Bodies::may_serve(const SyncPeer& peer, Height height) const {
    return peer.active && !peer.closing && !peer.aside && peer.reach >= height;
}

Bodies::Step* Bodies::step_at(Height height, const BlockHash& hash) {
    if (height < base_ || height - base_ >= path_.size()) return nullptr;
    Step& step = path_[height - base_];
    return step.hash == hash ? &step : nullptr;
}

// The target and the path to it.

void Bodies::on_shown(SyncPeer& peer, const Env& env) {
    forget_reach(peer);
    if (!peer.best || !peer.active || peer.closing || peer.aside) return;
    const auto record = env.chain.ledger.header(env.chain.rows, peer.best->hash);
    const bool better = peer.best->work > env.chain.ledger.tip().work &&
                        (!target_ || peer.best->work > target_->work);
    if (better && record && !record->invalid) aim(*peer.best, env);
    if (target_ && !laying_ && !is_shown(*target_)) return retarget(env);  // it shows another now
    measure(peer, env);
    fill_all(env);
}

bool Bodies::is_shown(const BranchTip& tip) const {
    return std::any_of(peers_.begin(), peers_.end(), [&](const auto& shower) {
        const SyncPeer& peer = shower.second;
        return peer.active && !peer.closing && peer.best && peer.best->hash == tip.hash;
    });
}

/// Chooses among what the active peers show.
void Bodies::retarget(const Env& env) {
    const BranchTip* best = nullptr;
    for (auto& [id, peer] : peers_) {
        if (!peer.active || peer.closing || peer.aside || !peer.best) continue;
        if (peer.best->work <= env.chain.ledger.tip().work) continue;
        const auto record = env.chain.ledger.header(env.chain.rows, peer.best->hash);
        if (!record || record->invalid) {
            peer.best.reset();
            forget_reach(peer);
            continue;
        }
        const bool stays = target_ && peer.best->hash == target_->hash;
        if (!best || peer.best->work > best->work || (peer.best->work == best->work && stays))
            best = &*peer.best;
    }
    if (best) {
        if (!target_ || target_->hash != best->hash) aim(BranchTip{*best}, env);
    } else {
        target_.reset();
        laying_.reset();
        path_.clear();
        returned_.clear();
        next_ = 0;
        for (auto& [id, peer] : peers_) forget_reach(peer);
    }
    measure_all(env);
    fill_all(env);
}

/// Begins to lay the path to a new target; one that is being laid is finished first, or branches
/// that overtake each other would keep any from being laid.
void Bodies::aim(const BranchTip& target, const Env& env) {
    if (laying_) return;
    laying_ = Laying{target, {}, target.hash, target.height};
    lay(env);
}

bool Bodies::may_walk(const Env& env) {
    if (env.walk == 0) {
        more_ = true;
        return false;
    }
    if (!walk_.take(1, env.now.steady)) return false;
    --env.walk;
    ++walked_;
    return true;
}

/// Most often a new path goes on where the old one ended.
void Bodies::lay(const Env& env) {
    if (!laying_) return;
    while (may_walk(env)) {
        Laying& laying = *laying_;
        if (step_at(laying.height, laying.at) != nullptr)
            return finish_laying(laying.height - base_ + 1, env);
        const auto record = env.chain.ledger.header(env.chain.rows, laying.at);
        if (!record || record->invalid) return give_up_laying(env);
        if (record->linked) return finish_laying(0, env);
        laying.above.push_back(laying.at);
        laying.at = record->header.previous_hash;
        --laying.height;
    }
}

/// `kept`: steps of the old path that are on the way.
void Bodies::finish_laying(std::size_t kept, const Env& env) {
    const Laying laid = std::move(*laying_);
    laying_.reset();
    const bool goes_on = kept == path_.size() && kept > 0;
    const Height top = base_ + path_.size() - 1;
    target_ = laid.target;
    path_.resize(kept);
    next_ = std::min(next_, kept);
    if (kept == 0) {
        base_ = laid.height + 1;
        returned_.clear();
    } else {
        returned_.erase(returned_.upper_bound(base_ + kept - 1), returned_.end());
    }
    for (auto step = laid.above.rbegin(); step != laid.above.rend(); ++step)
        path_.push_back({*step, false});
    move_front();
    // Whose branch leaves the old path leaves it for good; who has its end may have more of it now.
    const auto may_change = [&](const SyncPeer& peer) {
        return peer.measuring ? peer.measuring->second > top : peer.reach == top;
    };
    for (auto& [id, peer] : peers_)
        if (!goes_on || may_change(peer)) forget_reach(peer);
    measure_all(env);
}

/// It leads nowhere: a header of it was found invalid, or had to make room. Its peer shows it
/// again.
void Bodies::give_up_laying(const Env&) {
    for (auto& [id, peer] : peers_) {
        if (!peer.best || peer.best->hash != laying_->target.hash) continue;
        peer.best.reset();
        forget_reach(peer);
    }
    laying_.reset();
}

bool Bodies::is_on_path(Height height, const BlockHash& hash) const {
    if (laying_ && height <= laying_->target.height) {
        const std::size_t below = laying_->target.height - height;
        // What is not reached yet may be part of it.
        if (below >= laying_->above.size() || laying_->above[below] == hash) return true;
    }
    return height >= base_ && height - base_ < path_.size() && path_[height - base_].hash == hash;
}

void Bodies::forget_reach(SyncPeer& peer) {
    peer.reach = 0;
    peer.measured = false;
    peer.measuring.reset();
}

/// Finds the last height at which a peer's branch is the path. Where it left the path stays the
/// same while the path grows.
void Bodies::measure(SyncPeer& peer, const Env& env) {
    if (!peer.best || peer.measured) return;
    if (!peer.measuring) peer.measuring.emplace(peer.best->hash, peer.best->height);
    for (;;) {
        auto& [at, height] = *peer.measuring;
        const bool below = path_.empty() || height < base_;
        const bool meets = !below && step_at(height, at) != nullptr;
        if (!below && !meets && !may_walk(env)) return;
        const auto record =
            below || meets ? std::nullopt : env.chain.ledger.header(env.chain.rows, at);
        if (!record) {
            peer.reach = meets ? height : 0;
            peer.measured = true;
            return peer.measuring.reset();
        }
        at = record->header.previous_hash;
        --height;
    }
}

void Bodies::measure_all(const Env& env) {
    for (auto& [id, peer] : peers_) measure(peer, env);
}

/// Goes on with what was left off for the sake of others.
void Bodies::go_on(const Env& env) {
    more_ = false;
    const bool was_laying = laying_.has_value();
    lay(env);
    if (was_laying && !laying_) return retarget(env);
    bool found = false;
    for (auto& [id, peer] : peers_) {
        const bool before = peer.measured;
        measure(peer, env);
        found = found || (peer.measured && !before);
    }
    if (found) fill_all(env);
}

// The window.

void Bodies::mark_here(const BlockHash& hash, const Env& env) {
    const auto record = env.chain.ledger.header(env.chain.rows, hash);
    Step* step = record && record->has_body ? step_at(record->height, hash) : nullptr;
    if (step == nullptr) return;
    step->here = true;
    returned_.erase(record->height);
}

void Bodies::move_front() {
    while (!path_.empty() && path_.front().here) {
        path_.pop_front();
        ++base_;
        if (next_ > 0) --next_;
    }
}

void Bodies::give_back(const BlockHash& hash, Height height) {
    const Step* step = step_at(height, hash);
    if (step != nullptr && !step->here && height - base_ < next_) returned_.insert(height);
}

/// The first block of the window that has to be asked for and that the peer has.
std::optional<Height> Bodies::take_next(const SyncPeer& peer, const Env& env) {
    const auto needed = [&](Height height) {
        Step& step = path_[height - base_];
        if (step.here || requests_.contains(step.hash)) return false;
        const auto record = env.chain.ledger.header(env.chain.rows, step.hash);
        step.here = record && record->has_body;
        return !step.here;
    };
    while (!returned_.empty() && *returned_.begin() <= peer.reach) {
        const Height height = *returned_.begin();
        returned_.erase(returned_.begin());
        if (needed(height)) return height;
    }
    for (;;) {
        if (!path_.empty() && path_.front().here) move_front();
        if (next_ >= std::min(path_.size(), limits::kWindow)) return std::nullopt;
        const Height height = base_ + next_;
        if (height > peer.reach) return std::nullopt;
        ++next_;
        if (needed(height)) return height;
    }
}

/// As many bodies as it takes to make `kBytesInFlight`: twice as many after a round of small ones,
/// half as many once they prove large.
void Bodies::note_size(std::size_t bytes) {
    ++round_bodies_;
    round_bytes_ += bytes;
    const bool large = round_bytes_ > limits::kBytesInFlight;
    if (!large && round_bodies_ < at_once_) return;
    if (large)
        at_once_ = std::max(at_once_ / 2, limits::kBlocksInFlight);
    else if (2 * round_bytes_ <= limits::kBytesInFlight)
        at_once_ = std::min(at_once_ * 2, limits::kSmallBlocksInFlight);
    round_bodies_ = round_bytes_ = 0;
}

void Bodies::forget(Requests::iterator request) {
    checking_bytes_ -= request->second.bytes;
    requests_.erase(request);
}

/// Asks when half of what may be under way with a peer is free: so a long branch costs a message
/// for several blocks, and a single new block no wait.
void Bodies::fill(PeerId id, SyncPeer& peer, const Env& env) {
    const std::size_t busy = peer.asked.size() + peer.checking;
    if (path_.empty() || busy > at_once_ / 2 || !may_serve(peer, base_)) return;
    GetData message;
    for (std::size_t room = at_once_ - busy; room > 0; --room) {
        const auto height = take_next(peer, env);
        if (!height) break;
        const BlockHash& hash = path_[*height - base_].hash;
        message.items.push_back({ItemKind::block, digest_cast<Hash256>(hash)});
        requests_[hash] = Request{id, *height, 0, env.now.steady, false};
        if (peer.asked.empty()) peer.progress = env.now.steady;
        peer.asked.push_back(hash);
    }
    if (!message.items.empty()) send(env.out, id, message);
}

void Bodies::fill_all(const Env& env) {
    for (auto& [id, peer] : peers_) {
        if (returned_.empty() && next_ >= std::min(path_.size(), limits::kWindow)) return;
        fill(id, peer, env);
    }
}

// What peers answer.

void Bodies::on_block(PeerId id, SyncPeer& peer, const BlockBody& body, const Env& env) {
    const BlockHash& hash = body.header.hash;
    const auto request = requests_.find(hash);
    const bool was_asked =
        request != requests_.end() && request->second.from == id && !request->second.checking;
    if (!was_asked) {
        if (++peer.unasked > limits::kUnaskedBodies + peer.forgiven)
            close_peer(id, peer, "it keeps sending blocks that nobody asked it for", env);
        return;
    }
    peer.aside = false;
    measure(peer, env);
    // Answers come in the order asked: another than the first shows that the first is held back.
    if (peer.asked.front() == hash) {
        peer.asked.pop_front();
        peer.progress = env.now.steady;
    } else {
        peer.asked.erase(std::find(peer.asked.begin(), peer.asked.end(), hash));
    }
    const std::size_t size = body.bytes->size();
    note_size(size);
    if (checking_bytes_ > 0 && checking_bytes_ + size > limits::kCheckingBytes) {
        // Larger than they were when it was asked: once more, when there is room.
        const Height height = request->second.height;
        forget(request);
        return give_back(hash, height);
    }
    ++peer.checking;
    request->second.checking = true;
    request->second.bytes = size;
    checking_bytes_ += size;
    request->second.since = env.now.steady;
    env.out.push_back(Check{id, Item{ItemKind::block, digest_cast<Hash256>(hash)}, body.bytes});
}

void Bodies::on_not_found(PeerId id, SyncPeer& peer, const BlockHash& block, const Env& env) {
    const auto request = requests_.find(block);
    if (request == requests_.end() || request->second.from != id || request->second.checking)
        return;
    const Height height = request->second.height;
    forget(request);
    peer.asked.erase(std::find(peer.asked.begin(), peer.asked.end(), block));
    peer.progress = env.now.steady;
    peer.aside = false;
    give_back(block, height);
    // It does not have what it has shown.
    peer.best.reset();
    forget_reach(peer);
    if (++peer.not_found > limits::kNotFoundBodies)
        return close_peer(id, peer, "it keeps showing blocks that it does not have", env);
    retarget(env);
}

void Bodies::on_verdict(PeerId id, const BlockHash& block, const std::optional<Rejection>& refused,
                        const Env& env) {
    const auto peer = peers_.find(id);
    const auto request = requests_.find(block);
    if (request != requests_.end() && request->second.checking && request->second.from == id) {
        const Height height = request->second.height;
        forget(request);
        if (peer != peers_.end() && peer->second.checking > 0) --peer->second.checking;
        if (refused)
            give_back(block, height);
        else if (height == base_)
            stall_ = std::max(limits::kStallMin, stall_ - stall_ / 8);
    }
    if (!refused) mark_here(block, env);
    const std::size_t window_before = std::min(path_.size(), limits::kWindow);
    const bool others_waited = next_ >= window_before;
    move_front();
    // An ancestor found invalid is no fault of who was asked for what follows it.
    const bool at_fault = refused && refused->rule != Rule::parent_valid;
    if (at_fault && peer != peers_.end() && !peer->second.closing)
        close_peer(id, peer->second, "it sent a block that breaks a rule: " + refused->to_string(),
                   env);
    if (!target_) return;
    const auto record = env.chain.ledger.header(env.chain.rows, target_->hash);
    const bool reached = env.chain.ledger.tip().work >= target_->work;
    if (!record || record->invalid || reached) return retarget(env);
    if (refused || others_waited) return fill_all(env);
    if (peer != peers_.end()) fill(id, peer->second, env);
}

// Time.

void Bodies::close_peer(PeerId id, SyncPeer& peer, std::string why, const Env& env) {
    if (peer.closing) return;
    peer.closing = true;
    close(env.out, id, std::move(why));
    release(id, peer, env);
}

void Bodies::release(PeerId id, SyncPeer& peer, const Env& env) {
    for (const auto& hash : peer.asked) {
        const auto request = requests_.find(hash);
        if (request == requests_.end() || request->second.from != id) continue;
        const Height height = request->second.height;
        forget(request);
        give_back(hash, height);
    }
    peer.forgiven += peer.asked.size();
    peer.asked.clear();
    peer.aside = false;  // it owes nothing any more
    const bool was_target = target_ && peer.best && peer.best->hash == target_->hash;
    if (was_target || (target_ && !is_shown(*target_)))
        retarget(env);
    else
        fill_all(env);
}

void Bodies::on_tip(const TipChange& change, const Env& env) {
    for (const auto& hash : change.connected) mark_here(hash, env);
    move_front();
    if (target_ && env.chain.ledger.tip().work >= target_->work)
        retarget(env);
    else
        fill_all(env);
}

/// Whether the block that all others wait for is overdue, and what to do about it.
void Bodies::look_at_front(const Env& env) {
    if (path_.empty()) return;
    const auto request = requests_.find(path_.front().hash);
    if (request == requests_.end()) return;
    const PeerId id = request->second.from;
    if (request->second.checking) {
        if (passed(request->second.since, env.now.steady) <= limits::kStallMax) return;
        // The verdict got lost on its way.
        const auto peer = peers_.find(id);
        if (peer != peers_.end() && peer->second.checking > 0) --peer->second.checking;
        forget(request);
        give_back(path_.front().hash, base_);
        return fill_all(env);
    }
    SyncPeer& staller = peers_.at(id);
    const Tick since = std::max(request->second.since, staller.progress);
    if (passed(since, env.now.steady) <= stall_) return;
    const auto other_serves = [&](const auto& other) {
        return other.first != id && may_serve(other.second, base_);
    };
    if (std::any_of(peers_.begin(), peers_.end(), other_serves)) {
        const Tick waited = stall_;
        stall_ = std::min(stall_ * 2, limits::kStallMax);
        return close_peer(id, staller, "it held up the next block for " + seconds(waited), env);
    }
    // Nobody else has this block. If another branch is worth fetching meanwhile, its turn comes;
    // what was asked may still arrive.
    const auto other_branch = [&](const auto& other) {
        return other.first != id && other.second.active && !other.second.closing &&
               !other.second.aside && other.second.best &&
               other.second.best->work > env.chain.ledger.tip().work;
    };
    if (!staller.aside && std::any_of(peers_.begin(), peers_.end(), other_branch)) {
        staller.aside = true;
        retarget(env);
    }
}

void Bodies::on_tick(const Env& env) {
    go_on(env);
    // Its headers may have been found invalid by and by.
    const auto aimed_at =
        target_ ? env.chain.ledger.header(env.chain.rows, target_->hash) : std::nullopt;
    if (target_ && (!aimed_at || aimed_at->invalid)) retarget(env);
    look_at_front(env);
    for (auto& [id, peer] : peers_)
        if (!peer.closing && !peer.asked.empty() &&
            passed(peer.progress, env.now.steady) > limits::kStallMax)
            close_peer(id, peer,
                       "it sent no block it was asked for within " + seconds(limits::kStallMax),
                       env);
}

std::size_t Bodies::bytes() const {
    return sizeof *this + path_.size() * sizeof(Step) + requests_.size() * 128 +
           returned_.size() * 48;
}

}  // namespace cairn::net
