"""Imports as messages."""

from oms.intake.v1.document_pb2 import DocumentProblem
from oms.intake.v1.import_pb2 import Import as ImportMessage
from oms.intake.v1.import_pb2 import ImportProblem
from services.intake.domain.imports import Import, PartProblem, Tally
from services.intake.wire_values import number_of, stamp


def import_message(found: Import, tally: Tally | None = None) -> ImportMessage:
    """Return the import, with its counts where they are given."""
    tally = tally or Tally()
    return ImportMessage(
        import_id=found.import_id,
        channel=found.file.channel,
        format=found.file.format,
        name=found.file.name,
        digest=found.file.digest,
        size=found.file.size,
        state=number_of(ImportMessage.State, found.state),
        next_part=found.next_part,
        position=found.position,
        accepted_count=tally.accepted,
        repeated_count=tally.repeated,
        conflict_count=tally.conflicts,
        quarantined_count=tally.quarantined,
        unread_part_count=tally.unread_parts,
        actor=found.actor,
        create_time=stamp(found.create_time),
        update_time=stamp(found.update_time),
    )


def problem_message(found: PartProblem) -> ImportProblem:
    """Return the problem and where it is."""
    problem = found.problem
    return ImportProblem(
        part=found.part,
        document_id=found.document_id,
        problem=DocumentProblem(
            reason=problem.reason,
            position=problem.position,
            message=problem.message,
            external_id=problem.external_id,
        ),
    )
