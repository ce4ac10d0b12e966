#include <benchmark/benchmark.h>

#include "bench/support/bare_beast.hpp"
#include "bench/support/limits.hpp"
#include "bench/support/loopback_client.hpp"
#include "bench/support/served_node.hpp"
#include "core/base/hex.hpp"

namespace cairn::bench {
namespace {

constexpr std::string_view kGet =
    "GET /status HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\nUser-Agent: bench\r\n\r\n";

std::string post(std::string_view path, std::string_view body) {
    return "POST " + std::string{path} +
           " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           std::to_string(body.size()) + "\r\n\r\n" + std::string{body};
}

std::string raw_object(const CheckedTransfer& transfer) {
    return R"({"raw":")" + to_hex(transfer.bytes()) + "\"}";
}

/// A bare server that says what the node says to the same request, byte for byte but the date.
std::unique_ptr<BareBeast> bare_twin(std::uint16_t node_port, unsigned threads) {
    LoopbackClient client{node_port};
    std::string_view answer = client.ask(kGet);
    const std::size_t head_end = answer.find("\r\n\r\n");
    const std::string body{answer.substr(head_end + 4)};
    BareBeast::Fields fields;
    std::string_view head = answer.substr(0, head_end);
    while (head.find("\r\n") != std::string_view::npos) {
        head.remove_prefix(head.find("\r\n") + 2);
        const std::string_view line = head.substr(0, head.find("\r\n"));
        const std::size_t colon = line.find(": ");
        fields.emplace_back(line.substr(0, colon), line.substr(colon + 2));
    }
    auto bare = std::make_unique<BareBeast>(threads, fields, body);
    ENSURE(LoopbackClient{bare->port()}.ask(kGet).size() == answer.size());
    return bare;
}

/// CPU that the serving threads spend on a small GET over keep-alive, kernel time included; the two
/// servers take turns.
void small_get_server_cpu(benchmark::State& state) {
    constexpr int kRequests = 2000;
    const ServedNode node{1};
    const auto bare = bare_twin(node.port(), 1);
    LoopbackClient of_node{node.port()};
    LoopbackClient of_bare{bare->port()};
    const auto cpu_of = [](LoopbackClient& client) {
        const double before = cpu_seconds_of_others();
        for (int i = 0; i < kRequests; ++i) client.ask(kGet);
        return cpu_seconds_of_others() - before;
    };
    double node_cpu = 0;
    double bare_cpu = 0;
    for (auto _ : state) {
        node_cpu += cpu_of(of_node);
        bare_cpu += cpu_of(of_bare);
    }
    const double requests = kRequests * static_cast<double>(state.iterations());
    state.counters["cpu_us"] = node_cpu / requests * 1e6;
    state.counters["bare_cpu_us"] = bare_cpu / requests * 1e6;
    state.counters["times_bare"] = node_cpu / bare_cpu;
}

/// Requests a second that `range` connections get answered, one request under way on each. The
/// clients share the machine with the server.
void small_get_rate(benchmark::State& state) {
    constexpr std::size_t kRequests = 2000;
    const auto connections = static_cast<unsigned>(state.range(0));
    const ServedNode node{cores()};
    const auto bare = bare_twin(node.port(), cores());
    const auto seconds = [&](std::uint16_t port) {
        return seconds_of([&] {
            in_parallel(connections, connections, [&](std::size_t) {
                LoopbackClient client{port};
                for (std::size_t i = 0; i < kRequests; ++i) client.ask(kGet);
            });
        });
    };
    double node_seconds = 0;
    double bare_seconds = 0;
    for (auto _ : state) {
        node_seconds += seconds(node.port());
        bare_seconds += seconds(bare->port());
    }
    const double requests =
        static_cast<double>(kRequests * connections) * static_cast<double>(state.iterations());
    state.counters["requests_per_second"] = requests / node_seconds;
    state.counters["of_bare"] = bare_seconds / node_seconds;
}

/// `requests` sent over `connections`; beside them the bare checks of the same signatures and the
/// syncs of one transfer after another.
void run_posts(benchmark::State& state, const ServedNode& node,
               const std::vector<TransferPtr>& transfers, const std::vector<std::string>& requests,
               unsigned connections) {
    const double seconds = seconds_of([&] {
        std::atomic<std::size_t> next{0};
        in_parallel(connections, connections, [&](std::size_t) {
            LoopbackClient client{node.port()};
            for (std::size_t i = next++; i < requests.size(); i = next++)
                ENSURE(client.ask(requests[i]).substr(9, 2) == "20");
        });
    });
    ENSURE(node.pool().transfers == transfers.size());
    const double verify = verify_seconds(transfers, *node.params(), cores());
    SyncedFile file{node.folder()};
    constexpr int kSyncs = 200;
    const double syncs = seconds_of([&] {
        for (int i = 0; i < kSyncs; ++i) file.append(transfers[0]->bytes());
    });
    const auto count = static_cast<double>(transfers.size());
    state.counters["transfers_per_second"] = count / seconds;
    state.counters["of_bare_verify"] = verify / seconds;
    state.counters["times_fsync_rate"] = (count / seconds) / (kSyncs / syncs);
}

/// Every sender keeps to one connection's turn, for its nonces must arrive in order: one each.
void post_transfers(benchmark::State& state) {
    constexpr std::size_t kTransfers = 5000;
    for (auto _ : state) {
        const ServedNode node{cores()};
        TransferMaker maker{node.params(), kTransfers};
        const auto transfers = maker.take(kTransfers);
        std::vector<std::string> requests;
        for (const auto& transfer : transfers)
            requests.push_back(post("/transactions/new", raw_object(*transfer)));
        run_posts(state, node, transfers, requests, static_cast<unsigned>(state.range(0)));
    }
}

void post_batches(benchmark::State& state) {
    constexpr std::size_t kBatch = 500;
    constexpr std::size_t kTransfers = 10'000;
    for (auto _ : state) {
        const ServedNode node{cores()};
        TransferMaker maker{node.params(), kTransfers};
        const auto transfers = maker.take(kTransfers);
        std::vector<std::string> requests;
        for (std::size_t from = 0; from < kTransfers; from += kBatch) {
            std::string body = R"({"transactions":[)";
            for (std::size_t i = from; i < from + kBatch; ++i)
                body += (i == from ? "" : ",") + raw_object(*transfers[i]);
            requests.push_back(post("/transactions/batch", body + "]}"));
        }
        run_posts(state, node, transfers, requests, static_cast<unsigned>(state.range(0)));
    }
}

BENCHMARK(small_get_server_cpu)->Unit(benchmark::kMillisecond)->Iterations(10);
BENCHMARK(small_get_rate)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond)->Iterations(3);
BENCHMARK(post_transfers)->Arg(1)->Arg(8)->Arg(64)->Unit(benchmark::kMillisecond)->Iterations(1);
BENCHMARK(post_batches)->Arg(1)->Arg(8)->Unit(benchmark::kMillisecond)->Iterations(1);

}  // namespace
}  // namespace cairn::bench
