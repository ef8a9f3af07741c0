"""The command line as a user meets it: output, exit codes, pipes, narrow terminals, wrong input."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import sim
from sim.analysis.scope import slips
from sim.cli import _COMMANDS, cli, main

ROOT = Path(__file__).parent.parent
STARTER = Path(sim.__file__).parent / "cli" / "starter.yaml"


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    path = tmp_path / "mine.yaml"
    path.write_bytes(STARTER.read_bytes())
    return path


def invoke(*args: object, width: int = 120) -> Result:
    result = CliRunner().invoke(cli, [str(a) for a in args], env={"COLUMNS": str(width)})
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def status_of(*args: object) -> int:
    with pytest.raises(SystemExit) as ended:
        main([str(a) for a in args])
    return int(ended.value.code or 0)


def test_help_names_every_command_and_the_exit_codes() -> None:
    text = invoke("--help").output
    for word in (*_COMMANDS, "Exit codes", "Examples"):
        assert word in text
    for command in _COMMANDS:
        told = invoke(command, "--help").output
        assert "Usage: " in told
        assert "Examples" in told, command


def test_shells_complete_commands_options_and_files() -> None:
    """As bash asks: the command itself, in a process of its own."""

    def completed(words: str) -> list[str]:
        told = subprocess.run(
            [sys.executable, "-c", "from sim.cli import main; main()"],
            env=os.environ
            | {"_SIM_COMPLETE": "bash_complete", "COMP_WORDS": words}
            | {"COMP_CWORD": str(words.count(" "))},
            capture_output=True,
            text=True,
            check=True,
        )
        return told.stdout.split()

    assert completed("sim re") == ["plain,report"]
    assert completed("sim run --prec") == ["plain,--precision"]
    assert completed("sim run scen") == ["file,scen"]
    assert len(completed("sim ")) == len(_COMMANDS)
    for shell in ("bash", "zsh", "fish"):
        assert "_SIM_COMPLETE" in invoke("completion", shell).output


def test_every_result_says_how_to_cite_it(starter: Path, tmp_path: Path) -> None:
    """The package, the repository's own citation and a result agree."""
    stated = (ROOT / "CITATION.cff").read_text("utf-8")
    told = invoke("--version").output
    invoke("run", starter, "-n", 64, "-j", 1, "--out", tmp_path / "out")
    run = sim.read(tmp_path / "out").run
    assert run["citation"] in told
    for key in ("title", "version", "license"):
        (value,) = (
            line.split(": ", 1)[1] for line in stated.splitlines() if line.startswith(f"{key}:")
        )
        assert value.strip('"') in run["citation"]
    assert stated.split("- name: ")[1].splitlines()[0] in run["citation"]


def test_run_prints_the_verdict_and_writes_the_folder(starter: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke("run", starter, "-n", 300, "-j", 1, "--out", out)
    assert result.exit_code == 0
    assert "My first force" in result.output
    assert "at 80% confidence, if authorised" in result.output
    assert "P(authorised)" in result.output
    assert str(out) in result.output
    assert {p.name for p in out.iterdir()} == {
        "summary.csv",
        "trajectory.csv",
        "contingents.csv",
        "contributors.csv",
        "run.json",
        "feasibility.png",
    }
    assert (out / "feasibility.png").read_bytes().startswith(b"\x89PNG")
    run = json.loads((out / "run.json").read_text("utf-8"))
    assert run["replications"] == 300
    assert run["command"].split()[0] == "sim"


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_the_table_fits_the_terminal(starter: Path, tmp_path: Path, width: int) -> None:
    text = invoke("run", starter, "-n", 50, "-j", 1, "--out", tmp_path / "o", width=width).output
    grid = [line for line in text.splitlines() if line.lstrip()[:6].strip().startswith("2,000")]
    assert grid, text
    assert all(len(line.rstrip()) <= width for line in text.splitlines()), text
    assert "infeasible" in text or "feasible" in text


def test_a_column_that_is_shown_is_explained(starter: Path, tmp_path: Path) -> None:
    run = ("run", starter, "-n", 50, "-j", 1, "--out", tmp_path)
    needs = ("--set", "requirement=[{method: area, area: 2_000 km2, density: 1 per km2}]")
    assert "Adequate: at least as large as" in invoke(*run, *needs, width=140).output
    assert "Adequate" not in invoke(*run, *needs, width=80).output
    assert "Adequate" not in invoke(*run, width=140).output


def test_json_is_json_and_nothing_else(starter: Path, tmp_path: Path) -> None:
    result = invoke("run", starter, "-n", 200, "-j", 1, "--json", "--out", tmp_path / "o")
    answer = json.loads(result.output)
    assert len(answer["summary"]) == 6
    assert set(answer["largest_feasible"]) == {"reassurance"}
    assert answer["summary"][0]["p_authorised_low"] < answer["summary"][0]["p_authorised"]


def test_set_and_given_change_the_run(starter: Path, tmp_path: Path) -> None:
    def authorised(*options: str) -> float:
        run = invoke(
            "run", starter, "-n", 200, "-j", 1, "--json", "--out", tmp_path / "o", *options
        )
        return float(json.loads(run.output)["summary"][0]["p_authorised"])

    assert authorised("--given", "ceasefire=true") == 1
    assert authorised("--given", "ceasefire=false") == 0
    assert authorised("--set", "conditions.ceasefire.probability=1") == 1
    assert 0.4 < authorised() < 0.8


def test_sweep_writes_one_folder_per_value_and_one_table(starter: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = invoke(
        "run", starter, "-n", 100, "-j", 1, "--out", out, "--sweep", "will.correlation=0,0.6"
    )
    assert result.exit_code == 0, result.output
    assert (out / "will.correlation=0" / "summary.csv").exists()
    assert (out / "will.correlation=0.6" / "summary.csv").exists()
    header, *rows = (out / "sweep.csv").read_text("utf-8").splitlines()
    assert header.startswith("will.correlation,mandate,force_size")
    assert len(rows) == 12


def test_keep_replications(starter: Path, tmp_path: Path) -> None:
    invoke("run", starter, "-n", 40, "-j", 1, "--out", tmp_path, "--keep-replications", "csv")
    result = sim.read(tmp_path)
    assert len(result.replications) == 40 * 6


def test_check_says_what_binds_and_what_cannot_work(starter: Path) -> None:
    text = invoke("check", starter).output
    assert "valid" in text
    assert "sustained" in text
    assert "note:" not in text
    odd = invoke(
        "check", starter, "--set", "contributors.Farland.forces.medical.capability=medicall"
    )
    assert "capability medicall: offered, but no mandate asks for it; did you mean 'medical'?" in (
        odd.output
    )
    never = invoke("check", starter, "--set", "contributors.Farland.serves=neighbouring")
    assert "contributor Farland: can never be sent" in never.output


def asked_again(**players: object) -> tuple[str, ...]:
    """Settings: renewed every year by these players, each with its consent."""
    decided = json.dumps({"rule": "majority", "decided_by": players})
    return (
        *("--set", f"mandates.reassurance.authorisation={decided}"),
        *("--set", "mandates.reassurance.renewal.every=12 months"),
    )


def test_check_counts_in_singular_and_plural(starter: Path) -> None:
    text = invoke("check", starter).output
    assert "valid: 1 mandate, 3 contributors, 8 pools, 131 steps, 6 force sizes" in text
    text = invoke("check", starter, "--set", "force.sizes=1000").output
    assert "131 steps, 1 force size\n" in text


def test_check_tells_who_renews_only_as_likely_as_it_consents(starter: Path) -> None:
    unsure = {"when": "ceasefire", "then": 0.9, "else": 0.2}
    settings = asked_again(
        A={"consents": 0.8}, B={"consents": unsure}, C={"consents": 0.98}, D=named(0.7, 0.7)
    )
    text = invoke("check", starter, *settings, width=200).output
    assert (
        "note: mandate reassurance: at every renewal (up to 2) as likely to consent as the first "
        "time: A 0.8, B 0.9 or 0.2; name `renews` if it should be another" in text
    )
    assert "note:" not in invoke("check", starter, *asked_again(D=named(0.7, 0.9))).output
    never = ("--set", "mandates.reassurance.renewal.every=3 years")  # beyond the horizon
    assert "note:" not in invoke("check", starter, *settings, *never).output


def named(consents: float, renews: float) -> dict[str, float]:
    return {"consents": consents, "renews": renews}


def test_check_tells_a_player_that_is_nearly_a_contributor(starter: Path) -> None:
    players = {name: {"consents": 1.0} for name in ("Estmark", "Farland", "Southland")}
    decided = json.dumps({"decided_by": players})
    settings = ("--set", f"mandates.reassurance.authorisation={decided}")
    text = invoke("check", starter, *settings).output
    assert "Estmark decides, and is no contributor; did you mean 'Eastmark'?" in text
    assert text.count("note:") == 1  # Southland is another country than Northland


def test_run_tells_slips_on_standard_error_and_not_what_goes_unused(
    starter: Path, tmp_path: Path
) -> None:
    slips = ("--set", "contributors.Farland.forces.medical.capability=medicall")
    run = ("run", starter, "-n", 20, "-j", 1, "--out", tmp_path / "out")
    told = invoke(*run, *slips, "--sweep", "will.correlation=0,0.3").stderr
    slip = "capability medicall: offered, but no mandate asks for it; did you mean 'medical'?"
    assert told == f"note: {slip}\n"  # once
    at_home = ("--set", "contributors.Farland.participation=null")
    assert "Farland: has no participation, and is never sent" in invoke(*run, *at_home).stderr
    json_run = invoke(*run, *slips, "--json")
    assert json_run.stderr == ""
    assert json.loads(json_run.stdout)["notes"] == [slip]
    surplus = ("--set", "contributors.Farland.serves=neighbouring")
    assert "can never be sent" in invoke("check", starter, *surplus).output
    assert invoke(*run, *surplus).stderr == ""
    other = tmp_path / "other.yaml"
    other.write_bytes(starter.read_bytes())
    told = invoke("run", starter, other, *run[2:], *slips).stderr
    assert told == f"note: mine: {slip}\nnote: other: {slip}\n"


def test_shipped_scenarios_have_no_slips() -> None:
    shipped = [*(ROOT / "scenarios").glob("*.yaml"), *(ROOT / "scenarios/history").glob("*.yaml")]
    assert len(shipped) > 20
    assert {path.stem: slips(sim.load(path).specification) for path in shipped} == (
        {path.stem: [] for path in shipped}
    )


def test_an_open_verdict_is_told_as_such(starter: Path, tmp_path: Path) -> None:
    def said(*options: str) -> str:
        run = invoke("run", starter, "-j", 1, "--seed", 3, "--out", tmp_path, *options, width=200)
        return next(line for line in run.stdout.splitlines() if line.startswith("reassurance: "))

    sizes = ("--set", "force.sizes=[2000,3000]")
    assert "no size from 2,000 (88% (77-94)) up is feasible at 80% confidence, if authorised; " in (
        said("-n", "100", *sizes)
    )
    assert "; best estimate 2,000; not ruled out up to 2,000; P(auth" in said("-n", "100", *sizes)
    beyond = said("-n", "100", "--set", "force.sizes=[6000]")
    assert "best estimate" not in beyond and "ruled out" not in beyond
    assert "reassurance: never authorised in these replications; P(authorised) 0%" in (
        said("-n", "40", "--given", "ceasefire=false")
    )


def test_check_as_json(starter: Path) -> None:
    answer = json.loads(invoke("check", starter, "--json").output)
    assert answer["notes"] == []
    assert {row["capability"] for row in answer["ceilings"]} == {
        "manoeuvre",
        "logistics",
        "medical",
    }


def test_new_writes_a_scenario_that_runs_and_never_overwrites(tmp_path: Path) -> None:
    path = tmp_path / "fresh.yaml"
    assert invoke("new", path).exit_code == 0
    assert sim.load(path).title == "My first force"
    before = path.read_bytes()
    assert status_of("new", path) == 2
    assert path.read_bytes() == before
    assert status_of("new", tmp_path / "fresh.txt") == 2


def test_schema_is_json_schema() -> None:
    schema = json.loads(invoke("schema").output)
    assert "contributors" in schema["properties"]
    assert "extends" in schema["properties"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runn"], "did you mean 'run'?"),
        (["run"], "Missing argument"),
        (["run", "nowhere.yaml"], "nowhere.yaml"),
        (["run", "{starter}", "--given", "ceasefyre=true"], "did you mean 'ceasefire'?"),
        (["run", "{starter}", "--given", "ceasefire=perhaps"], "CONDITION=true or CONDITION=false"),
        (["run", "{starter}", "--set", "time.stepp=1 week"], "did you mean 'step'?"),
        (["run", "{starter}", "--set", "force.sizes"], "--set"),
        (["run", "{starter}", "--replications", "0"], "replications"),
        (["run", "{starter}", "--seed", "-1"], "seed"),
        (["run", "{starter}", "{starter}"], "two files of the same name"),
    ],
)
def test_wrong_input_exits_2_with_a_hint_and_writes_nothing(
    starter: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert status_of(*(a.format(starter=starter) for a in arguments)) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert "Traceback" not in captured.err
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mine.yaml"]


def test_all_mistakes_of_all_files_are_told_at_once(
    starter: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other.yaml"
    other.write_text(starter.read_text("utf-8").replace("tour: 6 months", "tour: 6"), "utf-8")
    starter.write_text(starter.read_text("utf-8").replace("goal: 18", "gaol: 18"), "utf-8")
    assert status_of("check", starter, other) == 2
    err = capsys.readouterr().err
    assert "did you mean 'goal'?" in err
    assert "contributors.Northland.tour" in err
    assert "2 mistakes; nothing was run" in err


def test_a_run_too_large_for_the_memory_is_refused_with_the_figure(
    starter: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = status_of("run", starter, "-n", 10**9, "--keep-replications", "csv")
    assert code == 2
    assert "GB of memory" in capsys.readouterr().err


def test_an_interrupt_exits_3(
    starter: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def interrupted(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("sim.cli.run.run", interrupted)
    assert status_of("run", starter, "--out", tmp_path / "out") == 3
    assert not (tmp_path / "out").exists()


def test_a_pipe_gets_plain_text_and_no_progress(starter: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sim", "run", str(starter), "-n", "50"]
    command += ["--out", str(tmp_path / "out")]
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "FORCE_COLOR")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=True)
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "Verdict" in done.stdout


def test_a_reader_that_goes_away_is_no_fault(starter: Path, tmp_path: Path) -> None:
    command = f'"{sys.executable}" -m sim schema | head -c 10'
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
    assert "fault" not in done.stderr
