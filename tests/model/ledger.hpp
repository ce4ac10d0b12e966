#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>

#include "model/block.hpp"
#include "model/spec.hpp"
#include "model/work.hpp"

// The rules of docs/consensus.md once more, read from the page alone and written for nothing but
// clearness: a branch is judged by replaying it from genesis.
namespace model {

struct Account {
    std::uint64_t balance = 0;
    std::uint64_t nonce = 0;
    friend bool operator==(const Account&, const Account&) = default;
};

struct State {
    std::map<Bytes32, Account> accounts;
    std::uint64_t issued = 0;
    friend bool operator==(const State&, const State&) = default;
};

/// SHA-256 over `address 32 | balance u64 | nonce u64` of every account in key order, then `issued
/// u64`.
Bytes32 digest(const State& state);
Wide sum_of_balances(const State& state);

/// Which rule was broken, by its number on the page. 0: the bytes do not decode, or the genesis is
/// another.
struct Verdict {
    int rule = 0;
    std::string expected;
    std::string found;
    std::uint64_t height = 0;
};

/// One branch from genesis, grown block by block. A refused block changes nothing.
class Chain {
public:
    explicit Chain(Spec spec);

    /// Rules 1 to 5; without `now` the fifth is not asked.
    std::optional<Verdict> check(const Header& header, std::optional<std::uint64_t> now = {}) const;
    /// Rules 6 to 8, which need no state.
    std::optional<Verdict> check_body(const Block& block) const;
    /// All rules; the block becomes the tip if none is broken.
    std::optional<Verdict> connect(View bytes, std::optional<std::uint64_t> now = {});

    /// Takes `header` for the tip as it is: for the rules of headers alone, where no state is
    /// asked.
    void follow(const Header& header);

    const Spec& spec() const { return spec_; }
    const State& state() const { return state_; }
    const Bytes32& genesis() const { return genesis_; }
    const Bytes32& tip() const { return hashes_.back(); }
    std::uint64_t height() const { return headers_.size(); }
    const Big& work() const { return work_; }  // the genesis block's counts
    std::uint32_t required_bits() const;
    std::uint32_t median_time() const;
    /// The subsidy of the next block if `issued` stands where it does now.
    std::uint64_t subsidy(std::uint64_t issued) const;

private:
    std::optional<Verdict> apply(const Transfer& transfer, State& state) const;
    std::optional<Verdict> apply(const Reward& reward, std::uint64_t fees, State& state) const;
    Account& open(const Bytes32& address, State& state) const;

    Spec spec_;
    Bytes32 genesis_{};
    State state_;
    std::vector<Header> headers_;
    std::vector<Bytes32> hashes_;
    Big work_ = 0;
};

/// `blocks` begins with genesis. The end state, or what was wrong first.
std::variant<State, Verdict> replay(const Spec& spec, const std::vector<Bytes>& blocks);

/// Every block that was offered, and the best tip among them: fork choice by replay.
class Tree {
public:
    explicit Tree(Spec spec);

    /// A verdict on this block. Wrong bodies are forgotten; blocks that broke a rule are
    /// remembered, with all that stands on them. A block that extends no best branch is judged when
    /// its branch is.
    std::optional<Verdict> add(View bytes, std::optional<std::uint64_t> now = {});
    const Chain& best() const { return best_; }

private:
    struct Entry {
        Bytes32 parent{};
        Bytes bytes;
        Big work;
        std::uint64_t arrival = 0;
    };
    std::vector<const Entry*> branch(Bytes32 hash) const;
    std::optional<Verdict> choose();
    void condemn(const Bytes32& hash);

    Chain root_;
    Chain best_;
    std::map<Bytes32, Entry> entries_;
    std::set<Bytes32> invalid_;
};

}  // namespace model
